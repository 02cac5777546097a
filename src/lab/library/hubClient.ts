// Lists the files of a repository of a hub, as Hugging Face runs it, at a revision, and opens them at that commit.
import { modelFiles, type ModelFiles } from '../../data/import/modelFiles.ts';
import { hubListingSchema, type DownloadRecord, type HubFile, type HubListing } from '../../schema/libraryRecord.ts';
import type { ModelSource } from '../../schema/modelRecord.ts';
import { waitUnlessAborted } from '../../util/clock.ts';
import { LabError } from '../../util/labError.ts';
import { parseJson, validate } from '../../util/validate.ts';
import { publicHub, wholeBody, type FileAnswer, type RequestFile } from '../../wire/requestFile.ts';

/** Limits the wait that a hub which limits requests may ask for. */
const longestWaitSeconds = 60;

/** Describes a repository at a commit: all its files, and those of them that a model is made from. */
export interface HubRepository {
  readonly source: ModelSource;
  readonly chosen: ModelFiles;
  readonly files: readonly HubFile[];
}

export interface HubClient {
  /**
   * Lists a repository. Throws LabError `hub/name` or `hub/address` for what cannot be one, `hub/listing` for an answer that is no list of files with
   * sizes and digests, `hub/incomplete` for a repository without a model, and as `open` does.
   */
  list(repository: string, revision: string, signal: AbortSignal): Promise<HubRepository>;
  /**
   * Opens a file from byte `from` on, as the commit has it: answered with status 200 (whole), 206 (from there) or 416 (shorter than that). Throws
   * LabError `hub/unreachable`, `hub/refused` (401, 403), `hub/missing` (404), `hub/limit` (429) or `hub/status`; its pieces throw
   * `hub/interrupted`.
   */
  open(
    download: Pick<DownloadRecord, 'source'>,
    fileName: string,
    from: number,
    signal: AbortSignal,
  ): Promise<FileAnswer>;
}

/** Makes a client of the hub at an address without the last slash. */
export function hubClient(requestFile: RequestFile, address: string): HubClient {
  async function ask(path: string, from: number, signal: AbortSignal): Promise<FileAnswer> {
    let answer = await reach(`${address}/${path}`, from, signal);
    const waitSeconds = answer.status === 429 ? Number(answer.header('retry-after') ?? NaN) : NaN;
    if (waitSeconds <= longestWaitSeconds) {
      answer.drop();
      await waitUnlessAborted(1000 * waitSeconds, signal);
      answer = await reach(`${address}/${path}`, from, signal);
    }
    if ([200, 206, 416].includes(answer.status)) return { ...answer, pieces: unbroken(answer.pieces, address) };
    answer.drop();
    throw statusError(answer, `${address}/${path}`);
  }

  async function reach(location: string, from: number, signal: AbortSignal): Promise<FileAnswer> {
    try {
      return await requestFile(location, { from, signal });
    } catch (cause) {
      if (cause instanceof LabError) throw cause;
      throw new LabError('hub/unreachable', 'The hub cannot be reached.', {
        expected: `an answer from ${location}`,
        got: textOf(cause),
        cause,
      });
    }
  }

  return {
    async list(repository, revision, signal) {
      if (!/^https?:\/\/[^\s/?#]+[^\s?#]*$/.test(address)) {
        throw new LabError('hub/address', 'This is not the address of a hub.', { expected: publicHub, got: address });
      }
      if (!/^[\w-][\w.-]*(\/[\w-][\w.-]*)?$/.test(repository) || revision === '') {
        throw new LabError('hub/name', 'This cannot be a repository and its revision.', {
          expected: 'a name like xlnet/xlnet-base-cased, and a branch, tag or commit like main',
          got: `${repository} at ${revision}`,
        });
      }
      const path = `api/models/${repository}/revision/${encodeURIComponent(revision)}?blobs=true`;
      const listing = parseListing(await wholeBody(await ask(path, 0, signal)), `${address}/${path}`);
      const chosen = modelFiles(
        listing.siblings.map(({ rfilename }) => rfilename).filter((name) => !name.includes('/')),
      );
      if (chosen.missing.length > 0) {
        throw new LabError('hub/incomplete', `The repository ${repository} lacks parts of a model.`, {
          expected: chosen.missing.join(' and '),
          got: listing.siblings.map(({ rfilename }) => rfilename).join(', ') || 'no files',
        });
      }
      return {
        source: { repository, revision, commit: listing.sha },
        chosen,
        files: listing.siblings.flatMap(hubFile),
      };
    },
    open({ source: { repository, commit } }, fileName, from, signal) {
      return ask(`${repository}/resolve/${encodeURIComponent(commit)}/${encodeURIComponent(fileName)}`, from, signal);
    },
  };
}

function parseListing(bytes: Uint8Array, path: string): HubListing {
  let json: unknown = null;
  try {
    json = parseJson(new TextDecoder().decode(bytes));
  } catch {
    // refused below
  }
  const listing = validate(hubListingSchema, json);
  if (listing.isFit) return listing.data;
  const { path: at, message } = listing.fault;
  throw new LabError('hub/listing', `${path} does not list a repository's files.`, {
    expected: 'JSON with sha and siblings, each with rfilename and size',
    got: `${at}: ${message}`,
  });
}

/** Returns nothing for a file that the hub gives no digest of: it could not be verified. */
function hubFile({ rfilename, size, lfs, blobId }: HubListing['siblings'][number]): HubFile[] {
  if (lfs != null) return [{ name: rfilename, sizeBytes: size, digest: { kind: 'sha256', hex: lfs.sha256 } }];
  return blobId === undefined ? [] : [{ name: rfilename, sizeBytes: size, digest: { kind: 'gitBlob', hex: blobId } }];
}

function statusError({ status, header }: FileAnswer, path: string): LabError {
  const details = { expected: `a file at ${path}`, got: [`HTTP status ${status}`, header('x-error-code')].filter(Boolean).join(', ') }; // prettier-ignore
  switch (status) {
    case 401:
    case 403:
      return new LabError(
        'hub/refused',
        'The hub does not give this without a login: the repository is gated, private or not there. Download it yourself and drop its folder.',
        details,
      );
    case 404:
      return new LabError('hub/missing', 'The hub has no such repository, revision or file.', details);
    case 429:
      return new LabError('hub/limit', 'The hub got too many requests. Try again later; what came is kept.', {
        ...details,
        got: `${details.got}, to wait ${header('retry-after') ?? 'for a time it did not tell'}`,
      });
    default:
      return new LabError('hub/status', 'The hub did not answer as expected.', details);
  }
}

async function* unbroken(pieces: AsyncIterable<Uint8Array>, address: string): AsyncGenerator<Uint8Array, void> {
  try {
    yield* pieces;
  } catch (cause) {
    throw new LabError('hub/interrupted', 'The connection to the hub broke off; what came is kept.', {
      expected: `the rest from ${address}`,
      got: textOf(cause),
      cause,
    });
  }
}

function textOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
