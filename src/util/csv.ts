// Writes rows as CSV (RFC 4180), safe to open in a spreadsheet, and reads them back.

/**
 * Formats rows as CSV (RFC 4180). Text that a spreadsheet would evaluate as a formula is prefixed with an apostrophe, which marks it as
 * text, because cells may come from untrusted corpora (OWASP, CSV Injection).
 */
export function csvText(rows: readonly (readonly (string | number | null)[])[]): string {
  return rows.map((row) => row.map(quoted).join(',')).join('\r\n') + '\r\n';
}

function quoted(cell: string | number | null): string {
  const text = typeof cell === 'string' && isFormula(cell) ? `'${cell}` : String(cell ?? '');
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** Whether a spreadsheet would evaluate the text; a signed number is not a formula. */
function isFormula(text: string): boolean {
  return /^[=+\-@\t\r]/.test(text) && Number.isNaN(Number(text));
}

/** Splits CSV (RFC 4180) with commas, semicolons or tabs, whichever the first line has most of; each row with the number of its first line. */
export function csvRows(text: string): readonly { readonly line: number; readonly cells: readonly string[] }[] {
  const first = text.split(/\r\n|\r|\n/, 1)[0] ?? '';
  const separator = [',', ';', '\t'].reduce((best, one) =>
    first.split(one).length > first.split(best).length ? one : best,
  );
  const rows: { line: number; cells: string[] }[] = [];
  let row = { line: 1, cells: [] as string[] };
  let cell = '';
  let line = 1;
  let isQuoted = false;
  const endRow = (): void => {
    row.cells.push(cell);
    rows.push(row);
    cell = '';
    row = { line: line + 1, cells: [] };
  };
  for (let index = 0; index < text.length; index++) {
    const sign = text.charAt(index);
    if (isQuoted) {
      if (sign === '"' && text[index + 1] === '"') index++;
      else if (sign === '"') isQuoted = false;
      if (sign !== '"' || isQuoted) cell += sign;
      if (sign === '\n') line++;
    } else if (sign === '"' && cell === '') isQuoted = true;
    else if (sign === separator) {
      row.cells.push(cell);
      cell = '';
    } else if (sign === '\n' || sign === '\r') {
      if (sign === '\r' && text[index + 1] === '\n') index++;
      endRow();
      line++;
    } else cell += sign;
  }
  if (cell !== '' || row.cells.length > 0) endRow();
  return rows;
}
