// What stands at an address where nothing is, or is any more.

export function MissingPage({ what }: { readonly what: string }) {
  return (
    <>
      <h1>Not found</h1>
      <p>
        There is no {what} here; it may have been removed. <a href="#/">Go to Train</a>
      </p>
    </>
  );
}
