// Names documents after files and files after documents, and makes document ids unique.
/** Returns a file name for each id that is valid on every file system; unique even when case is ignored. Takes time linear in the ids. */
export function fileNames(ids: readonly string[]): string[] {
  const used = new Set<string>();
  const numbers = new Map<string, number>();
  return ids.map((id) => {
    const plain = plainName(id);
    let number = numbers.get(plain) ?? 1;
    let name = number === 1 ? plain : `${plain}-${number}`;
    while (used.has(name.toLowerCase())) name = `${plain}-${++number}`;
    numbers.set(plain, number);
    used.add(name.toLowerCase());
    return name;
  });
}

/** Returns a file name without folders and extension. */
export function fileStem(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1).replace(/(?<=.)\.[A-Za-z0-9]+$/, '');
}

function plainName(id: string): string {
  // Control characters and those that Windows does not allow.
  const plain = id.replace(/[\p{Cc}\p{Cs}/\\:*?"<>|]+/gu, '_').replace(/^[. ]+/, '');
  const short = Array.from(plain.slice(0, 200)).slice(0, 100).join('');
  return short.replace(/[. ]+$/, '') || 'document';
}

/** Makes ids unique: the second `a` becomes `a-2`. Takes time linear in the documents. */
export function uniqueIds<Document extends { readonly id: string }>(documents: readonly Document[]): Document[] {
  const given = new Set(documents.map(({ id }) => id));
  const seen = new Set<string>();
  const numbers = new Map<string, number>();
  return documents.map((document) => {
    const { id } = document;
    if (!seen.has(id)) {
      seen.add(id);
      return document;
    }
    let number = numbers.get(id) ?? 2;
    while (given.has(`${id}-${number}`)) number++;
    numbers.set(id, number + 1);
    return { ...document, id: `${id}-${number}` };
  });
}
