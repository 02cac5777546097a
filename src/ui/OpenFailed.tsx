// What stands in place of the lab when its stored data cannot be opened.
import { LabError, type LabErrorData } from '../util/labError.ts';

export function OpenFailed({ error }: { readonly error: LabErrorData }) {
  return (
    <main className="main" role="alert">
      <h1>The lab cannot open its storage</h1>
      <p className="problem">{LabError.describe(error)}</p>
      <p>
        Nothing was removed. Private windows and blocked site data are the usual causes; allow this site to keep data,
        then reload the page.
      </p>
    </main>
  );
}
