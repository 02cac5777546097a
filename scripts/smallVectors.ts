// Makes small vectors of words from the training text of corpora: PPMI of neighbours, reduced by a randomised SVD, written as word2vec text.
import { readFileSync, writeFileSync } from 'node:fs';
import { Rng } from '../src/util/random.ts';

const usage = 'Usage: tsx scripts/smallVectors.ts OUT.vec DIMENSIONS SEED TRAIN.tsv ...';

/** Words at most this far apart are neighbours, nearer ones weigh more; words that occur less often have no vector. */
const WINDOW = 5;
const FEWEST = 3;
/** Exponent of the counts of contexts, which lessens the weight of rare ones (Levy et al. 2015). */
const SMOOTHING = 0.75;
const OVERSAMPLING = 20;
const POWER_ITERATIONS = 3;

/** Rows of a sparse matrix: columns and values. */
type SparseRow = readonly [columns: Int32Array, values: Float64Array];
type Matrix = readonly Float64Array[];

function sentencesIn(file: string): string[][] {
  const sentences: string[][] = [[]];
  for (const line of readFileSync(file, 'utf8').split('\n')) {
    const token = line.split('\t')[0]?.trim() ?? '';
    if (token === '') sentences.push([]);
    else if (token !== '-DOCSTART-') sentences.at(-1)?.push(token.toLowerCase().replace(/\p{Nd}/gu, '0'));
  }
  return sentences;
}

function neighbours(
  sentences: readonly (readonly string[])[],
  rows: ReadonlyMap<string, number>,
): Map<number, number>[] {
  const counts = Array.from(rows, () => new Map<number, number>());
  for (const sentence of sentences) {
    const ids = sentence.map((word) => rows.get(word) ?? -1);
    ids.forEach((row, at) => {
      for (let distance = 1; distance <= WINDOW && at + distance < ids.length; distance++) {
        const other = ids[at + distance] as number;
        if (row < 0 || other < 0) continue;
        for (const [from, to] of [
          [row, other],
          [other, row],
        ] as const) {
          // prettier-ignore
          const own = counts[from] as Map<number, number>;
          own.set(to, (own.get(to) ?? 0) + 1 / distance);
        }
      }
    });
  }
  return counts;
}

/** Positive pointwise mutual information of words and their contexts. */
function ppmi(counts: readonly ReadonlyMap<number, number>[]): SparseRow[] {
  const sums = counts.map((row) => [...row.values()].reduce((sum, value) => sum + value, 0));
  const total = sums.reduce((sum, value) => sum + value, 0);
  const smoothed = sums.map((sum) => sum ** SMOOTHING);
  const ofContexts = smoothed.reduce((sum, value) => sum + value, 0);
  return counts.map((row, word): SparseRow => {
    const entries = [...row]
      .map(
        ([context, value]) =>
          [context, Math.log((value * ofContexts) / ((sums[word] ?? 1) * (smoothed[context] ?? 1)))] as const,
      )
      .filter(([, value]) => value > 0 && total > 0);
    return [Int32Array.from(entries, ([context]) => context), Float64Array.from(entries, ([, value]) => value)];
  });
}

/** M X of a sparse square M; with `turned`, its transpose times X. */
function product(matrix: readonly SparseRow[], x: Matrix, width: number, turned: boolean): Float64Array[] {
  const result = matrix.map(() => new Float64Array(width));
  matrix.forEach(([columns, values], row) => {
    columns.forEach((column, index) => {
      const [from, to] = turned ? [x[row], result[column]] : [x[column], result[row]];
      const value = values[index] as number;
      for (let at = 0; at < width; at++)
        (to as Float64Array)[at] =
          ((to as Float64Array)[at] as number) + value * ((from as Float64Array)[at] as number);
    });
  });
  return result;
}

/** Makes the columns orthonormal, by Gram and Schmidt, twice over for accuracy. */
function orthonormalised(x: Float64Array[], width: number): Float64Array[] {
  const dot = (a: number, b: number): number =>
    x.reduce((sum, row) => sum + (row[a] as number) * (row[b] as number), 0);
  for (let column = 0; column < width; column++) {
    for (let pass = 0; pass < 2; pass++) {
      for (let other = 0; other < column; other++) {
        const share = dot(column, other);
        for (const row of x) row[column] = (row[column] as number) - share * (row[other] as number);
      }
    }
    const length = Math.sqrt(dot(column, column)) || 1;
    for (const row of x) row[column] = (row[column] as number) / length;
  }
  return x;
}

/** Eigenvectors (columns) and eigenvalues of a symmetric matrix, by Jacobi's rotations. */
function eigen(a: Float64Array[]): { readonly values: number[]; readonly vectors: Float64Array[] } {
  const size = a.length;
  const vectors = a.map((_, row) => Float64Array.from({ length: size }, (__, column) => (row === column ? 1 : 0)));
  const at = (m: readonly Float64Array[], i: number, j: number): number => (m[i] as Float64Array)[j] as number;
  for (let sweep = 0; sweep < 12; sweep++) {
    for (let p = 0; p < size; p++) {
      for (let q = p + 1; q < size; q++) {
        if (Math.abs(at(a, p, q)) < 1e-12) continue;
        const angle = 0.5 * Math.atan2(2 * at(a, p, q), at(a, q, q) - at(a, p, p));
        const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
        const turn = (m: Float64Array[]): void => {
          for (const row of m) {
            const [left, right] = [row[p] as number, row[q] as number];
            row[p] = cos * left - sin * right;
            row[q] = sin * left + cos * right;
          }
        };
        turn(a);
        const [rowP, rowQ] = [a[p] as Float64Array, a[q] as Float64Array];
        for (let k = 0; k < size; k++) {
          const [left, right] = [rowP[k] as number, rowQ[k] as number];
          rowP[k] = cos * left - sin * right;
          rowQ[k] = sin * left + cos * right;
        }
        turn(vectors);
      }
    }
  }
  return { values: a.map((row, index) => row[index] as number), vectors };
}

/** U sqrt(S) of the best approximation of this many dimensions. */
function reduced(matrix: readonly SparseRow[], dimensions: number, seed: number): Float64Array[] {
  const width = dimensions + OVERSAMPLING;
  const rng = Rng.seeded(seed).fork('word vectors');
  let basis: Float64Array[] = matrix.map(() => Float64Array.from({ length: width }, () => rng.normal()));
  for (let iteration = 0; iteration <= POWER_ITERATIONS; iteration++) {
    if (iteration > 0) basis = orthonormalised(product(matrix, basis, width, true), width);
    basis = orthonormalised(product(matrix, basis, width, false), width);
  }
  const turned = product(matrix, basis, width, true);
  const gram = Array.from({ length: width }, (_, i) =>
    Float64Array.from({ length: width }, (__, j) =>
      turned.reduce((sum, row) => sum + (row[i] as number) * (row[j] as number), 0),
    ),
  );
  const { values, vectors } = eigen(gram);
  const order = [...values.keys()]
    .sort((left, right) => (values[right] ?? 0) - (values[left] ?? 0))
    .slice(0, dimensions);
  return basis.map((row) =>
    Float64Array.from(order, (column) => {
      const direction = row.reduce(
        (sum, value, k) => sum + value * ((vectors[k] as Float64Array)[column] as number),
        0,
      );
      return direction * Math.max(0, values[column] ?? 0) ** 0.25;
    }),
  );
}

const [out, dimensionsText, seedText, ...files] = process.argv.slice(2);
const [dimensions, seed] = [Number(dimensionsText), Number(seedText)];
if (out === undefined || files.length === 0 || !(dimensions > 0) || !(seed >= 0)) throw new Error(usage);
const sentences = files.flatMap(sentencesIn);
const counts = new Map<string, number>();
for (const sentence of sentences) for (const word of sentence) counts.set(word, (counts.get(word) ?? 0) + 1);
const words = [...counts]
  .filter(([, count]) => count >= FEWEST)
  .sort(([left, a], [right, b]) => b - a || (left < right ? -1 : 1));
const rows = new Map(words.map(([word], row) => [word, row]));
const vectors = reduced(ppmi(neighbours(sentences, rows)), dimensions, seed);
const lines = words.map(
  ([word], row) => `${word} ${[...(vectors[row] as Float64Array)].map((value) => value.toFixed(5)).join(' ')}`,
);
writeFileSync(out, `${words.length} ${dimensions}\n${lines.join('\n')}\n`);
process.stdout.write(`${words.length} words of ${dimensions} dimensions from ${sentences.length} sentences: ${out}\n`);
