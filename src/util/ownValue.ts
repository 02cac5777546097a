// Looking things up by names that others chose.

/** A record's own value of a key that somebody else named, such as an entity type: never what every object inherits, as `constructor`. */
export function ownValue<Value>(record: Readonly<Record<string, Value>>, key: string): Value | undefined {
  return Object.hasOwn(record, key) ? record[key] : undefined;
}
