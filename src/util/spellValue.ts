// Spells a value out of JSON for a message.

/** Its JSON; `nothing` where there is no value. The value must come from `parseJson`. */
export function spellValue(value: unknown): string {
  return JSON.stringify(value) ?? 'nothing';
}
