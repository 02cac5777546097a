// Attention forward without barriers.
import type { Kernel } from '../kernel.ts';
import { kernel, writes } from '../kernel.ts';
import type { AttentionTerms } from './attentionScores.ts';
import { attentionName, attentionReads, attentionScoresCode, attentionSizes, dots, eachVector, ifRelative, ofOnePiece, scoreOf } from './attentionScores.ts'; // prettier-ignore

/** An invocation holds one query and walks over the keys it sees. */
export function attentionDirectKernel(headSize: number, terms: AttentionTerms): Kernel {
  const vectors = headSize / 4;
  const relative = ifRelative(terms);
  /** The query as it meets keys. */
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
      (c) => `let q${c} = threes[own + ${c}u];
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
    let k = sizes.threesStride + rowAt(b, head, j, ${vectors}u);
${relative(`    let p = positionAt(head, i, j, ${vectors}u);
`)}    let score = ${scoreOf([
      relative('select(same, other, differ(b, i, j))'),
      dots(
        headSize,
        (c) => `${met}${c}`,
        (c) => `threes[k + ${c}u]`,
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
    let v = k + sizes.threesStride;
    ${eachVector(headSize, (c) => `sum${c} += kept * threes[v + ${c}u];`)}
  }
  ${eachVector(headSize, (c) => `context[own + ${c}u] = sum${c} / total;`)}
  logSumExp[index] = largest + log(total);`,
  });
}
