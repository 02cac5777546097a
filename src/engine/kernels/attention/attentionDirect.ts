// Attention forward and backward without barriers.
import { kernel, writes, type Kernel } from '../../gpu/kernel.ts';
import {
  attentionBackwardReads,
  attentionName,
  attentionReads,
  attentionScoresCode,
  attentionSizes,
  dots,
  eachVector,
  ifRelative,
  ofOnePiece,
  scoreOf,
  type AttentionTerms,
} from './attentionScores.ts';

// prettier-ignore

/** One invocation per query iterates over the keys it sees. */
export function attentionDirectKernel(headSize: number, terms: AttentionTerms): Kernel {
  const vectors = headSize / 4;
  const relative = ifRelative(terms);
  /** The query as used in products with keys. */
  const met = terms === 'relative' ? 'w' : 'q';
  return kernel<string, string>({
    name: attentionName('attention, direct', headSize, terms),
    sizes: attentionSizes,
    buffers: { ...attentionReads(terms), context: writes('vec4<f32>'), logSumExp: writes() },
    workgroup: [64, 1, 1],
    module: attentionScoresCode(terms),
    body: `${ofOnePiece('i')}
${relative(`  let bias = head * ${vectors}u;
`)}  let own = rowAt(b, head, i, ${vectors}u);
${relative(`  var same = 0.0;
  var other = 0.0;
`)}  ${eachVector(
      headSize,
      (c) => `let q${c} = qkv[own + ${c}u];
${relative(`  let w${c} = q${c} + biases[bias + ${c}u];
  let r${c} = q${c} + biases[sizes.biasStride + bias + ${c}u];
  let s${c} = q${c} + biases[2u * sizes.biasStride + bias + ${c}u];
  same += dot(s${c}, biases[3u * sizes.biasStride + bias + ${c}u]);
  other += dot(s${c}, biases[3u * sizes.biasStride + sizes.width + bias + ${c}u]);
`)}  var sum${c} = vec4f(0.0);`,
    )}
  let count = countOf(b);
  var largest = -1e30;
  var total = 0.0;
  // Keys up to the sequence's count, and the piece itself where it is padding.
  let keys = select(count, count + 1u, i >= count);
  for (var at = 0u; at < keys; at++) {
    let j = select(at, i, at == count);
    if (apartBy(i, j) > sizes.window) { continue; }
    let k = sizes.qkvStride + rowAt(b, head, j, ${vectors}u);
${relative(`    let p = positionAt(head, i, j, ${vectors}u);
`)}    let score = ${scoreOf([
      relative('select(same, other, differ(b, i, j))'),
      dots(
        headSize,
        (c) => `${met}${c}`,
        (c) => `qkv[k + ${c}u]`,
      ),
      relative(
        dots(
          headSize,
          (c) => `r${c}`,
          (c) => `position[p + ${c}u]`,
        ),
      ),
    ])};
    if (score > largest) {
      let shrink = exp(largest - score);
      largest = score;
      total *= shrink;
      ${eachVector(headSize, (c) => `sum${c} *= shrink;`)}
    }
    let weight = exp(score - largest);
    total += weight;
    let kept = weight * factorOf(b, head, i, j);
    let v = k + sizes.qkvStride;
    ${eachVector(headSize, (c) => `sum${c} += kept * qkv[v + ${c}u];`)}
  }
  ${eachVector(headSize, (c) => `context[own + ${c}u] = sum${c} / total;`)}
  logSumExp[index] = largest + log(total);`,
  });
}

// prettier-ignore

/** WGSL: the terms of a score; `seen` holds the query's statistics. */
const gradientCode = (terms: AttentionTerms): string =>
  `${attentionScoresCode(terms)}${ifRelative(terms)(`
fn segmentScore(seen: vec4f, b: u32, i: u32, j: u32) -> f32 { return select(seen.z, seen.w, differ(b, i, j)); }`)}`;

/**
 * By query. Relative: content and position parts of dq, and the sum of dS over keys of the same segment, in one buffer `parts`.
 * Absolute: dq itself.
 */
const queryKernel = (h: number, terms: AttentionTerms): Kernel => {
  const relative = ifRelative(terms);
  const met = terms === 'relative' ? 'w' : 'q';
  const out = terms === 'relative' ? 'parts' : 'dQuery';
  return kernel<string, string>({
    name: attentionName('attention backward by query, direct', h, terms),
    sizes: attentionSizes,
    buffers: { ...attentionBackwardReads(terms), [out]: writes('vec4<f32>') },
    workgroup: [64, 1, 1],
    module: gradientCode(terms),
    body: `${ofOnePiece('i')}
  let own = rowAt(b, head, i, ${h / 4}u);
${relative(`  let bias = head * ${h / 4}u;
`)}  let seen = statistics[index];
  ${eachVector(
    h,
    (c) => `let ${met}${c} = qkv[own + ${c}u]${relative(` + biases[bias + ${c}u]`)};
${relative(`  let r${c} = qkv[own + ${c}u] + biases[sizes.biasStride + bias + ${c}u];
`)}  let d${c} = dContext[own + ${c}u];
  var content${c} = vec4f(0.0);${relative(`
  var placed${c} = vec4f(0.0);`)}`,
  )}
${relative(`  var same = 0.0;
  var other = 0.0;
`)}  let count = countOf(b);
  let keys = select(count, count + 1u, i >= count);
  for (var at = 0u; at < keys; at++) {
    let j = select(at, i, at == count);
    if (apartBy(i, j) > sizes.window) { continue; }
    let k = sizes.qkvStride + rowAt(b, head, j, ${h / 4}u);
    let v = k + sizes.qkvStride;
${relative(`    let p = positionAt(head, i, j, ${h / 4}u);
`)}    ${eachVector(h, (c) => `let k${c} = qkv[k + ${c}u];${relative(` let p${c} = position[p + ${c}u];`)}`)}
    let score = ${scoreOf([
      relative('segmentScore(seen, b, i, j)'),
      dots(
        h,
        (c) => `${met}${c}`,
        (c) => `k${c}`,
      ),
      relative(
        dots(
          h,
          (c) => `r${c}`,
          (c) => `p${c}`,
        ),
      ),
    ])};
    let dA = factorOf(b, head, i, j) * (${dots(
      h,
      (c) => `d${c}`,
      (c) => `qkv[v + ${c}u]`,
    )});
    let dS = exp(score - seen.x) * (dA - seen.y) * sizes.scale;
    ${eachVector(h, (c) => `content${c} += dS * k${c};${relative(` placed${c} += dS * p${c};`)}`)}
${relative(`    if (differ(b, i, j)) { other += dS; } else { same += dS; }
`)}  }
  ${eachVector(h, (c) => `${out}[own + ${c}u] = content${c};${relative(` parts[sizes.qkvStride + own + ${c}u] = placed${c};`)}`)}${relative(`
  parts[2u * sizes.qkvStride + index] = vec4f(same, other, 0.0, 0.0);`)}`,
  });
};

/** By key: dk and dv, over the queries that see it. */
const keyKernel = (h: number, terms: AttentionTerms): Kernel => {
  const relative = ifRelative(terms);
  const met = (c: number): string => (terms === 'relative' ? `(q${c} + wk${c})` : `q${c}`);
  return kernel<string, string>({
    name: attentionName('attention backward by key, direct', h, terms),
    sizes: attentionSizes,
    buffers: { ...attentionBackwardReads(terms), dQkv: writes('vec4<f32>') },
    workgroup: [64, 1, 1],
    module: gradientCode(terms),
    body: `${ofOnePiece('j')}
  let own = sizes.qkvStride + rowAt(b, head, j, ${h / 4}u);
${relative(`  let bias = head * ${h / 4}u;
`)}  ${eachVector(
      h,
      (c) => `let k${c} = qkv[own + ${c}u];
  let v${c} = qkv[own + sizes.qkvStride + ${c}u];
${relative(`  let wk${c} = biases[bias + ${c}u];
  let wr${c} = biases[sizes.biasStride + bias + ${c}u];
`)}  var dk${c} = vec4f(0.0);
  var dv${c} = vec4f(0.0);`,
    )}
  let hidden = j >= countOf(b);
  let first = select(0u, j, hidden);
  let end = select(sizes.pieces, j + 1u, hidden);
  for (var i = first; i < end; i++) {
    if (apartBy(i, j) > sizes.window) { continue; }
    let row = rowAt(b, head, i, ${h / 4}u);
${relative(`    let p = positionAt(head, i, j, ${h / 4}u);
`)}    let seen = statistics[(b * sizes.heads + head) * sizes.pieces + i];
    ${eachVector(h, (c) => `let q${c} = qkv[row + ${c}u]; let d${c} = dContext[row + ${c}u];`)}
    let score = ${scoreOf([
      relative('segmentScore(seen, b, i, j)'),
      dots(h, met, (c) => `k${c}`),
      relative(
        dots(
          h,
          (c) => `(q${c} + wr${c})`,
          (c) => `position[p + ${c}u]`,
        ),
      ),
    ])};
    let probability = exp(score - seen.x);
    let factor = factorOf(b, head, i, j);
    let dA = factor * (${dots(
      h,
      (c) => `d${c}`,
      (c) => `v${c}`,
    )});
    let dS = probability * (dA - seen.y) * sizes.scale;
    let weight = probability * factor;
    ${eachVector(h, (c) => `dk${c} += dS * ${met(c)}; dv${c} += weight * d${c};`)}
  }
  ${eachVector(h, (c) => `dQkv[own + ${c}u] = dk${c}; dQkv[own + sizes.qkvStride + ${c}u] = dv${c};`)}`,
  });
};

/** By relative position: dkr, over all sequences and all pairs at that distance. */
export const attentionDirectPositionKernel = (h: number): Kernel =>
  kernel<string, string>({
    name: `attention backward by position, direct ${h}`,
    sizes: attentionSizes,
    buffers: { ...attentionBackwardReads('relative'), dPosition: writes('vec4<f32>') },
    workgroup: [64, 1, 1],
    module: gradientCode('relative'),
    body: `let T = sizes.pieces;
  if (index >= sizes.heads * 2u * T) { return; }
  let p = index % (2u * T);
  let head = index / (2u * T);
  let own = p * sizes.width + head * ${h / 4}u;
  let bias = head * ${h / 4}u;
  ${eachVector(
    h,
    (c) => `let p${c} = position[own + ${c}u];
  let wk${c} = biases[bias + ${c}u];
  let wr${c} = biases[sizes.biasStride + bias + ${c}u];
  var sum${c} = vec4f(0.0);`,
  )}
  // j = p - T + i lies in [0, T).
  let first = select(0u, T - p, p < T);
  let end = select(2u * T - p, T, p < T);
  for (var b = 0u; b < sizes.sequences; b++) {
    let count = countOf(b);
    for (var i = first; i < end; i++) {
      let j = p + i - T;
      if (j >= count && j != i) { continue; }
      let row = rowAt(b, head, i, ${h / 4}u);
      let k = sizes.qkvStride + rowAt(b, head, j, ${h / 4}u);
      let v = k + sizes.qkvStride;
      let seen = statistics[(b * sizes.heads + head) * T + i];
      ${eachVector(h, (c) => `let q${c} = qkv[row + ${c}u];`)}
      let score = sizes.scale * (segmentScore(seen, b, i, j)
        + ${dots(
          h,
          (c) => `(q${c} + wk${c})`,
          (c) => `qkv[k + ${c}u]`,
        )}
        + ${dots(
          h,
          (c) => `(q${c} + wr${c})`,
          (c) => `p${c}`,
        )});
      let dA = factorOf(b, head, i, j) * (${dots(
        h,
        (c) => `dContext[row + ${c}u]`,
        (c) => `qkv[v + ${c}u]`,
      )});
      let dS = exp(score - seen.x) * (dA - seen.y) * sizes.scale;
      ${eachVector(h, (c) => `sum${c} += dS * (q${c} + wr${c});`)}
    }
  }
  ${eachVector(h, (c) => `dPosition[own + ${c}u] = sum${c};`)}`,
  });

/** Gradients of attention without barriers: by query, by key, and with relative terms by relative position. */
export function attentionDirectBackwardKernels(headSize: number, terms: AttentionTerms) {
  return { query: queryKernel(headSize, terms), key: keyKernel(headSize, terms) };
}
