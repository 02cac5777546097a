// Makes the ONNX graph of an exported tagger, and the description that goes beside it for programs that decode tags themselves.
import type { HostParameters } from '../model/blocks/hostParameters.ts';
import { LARGEST_ONNX_BYTES, onnxStream } from '../model/onnx/onnxFile.ts';
import { taggerGraph } from '../model/onnx/taggerGraph.ts';
import type { TaggerShape } from '../model/tagger.ts';
import type { OnnxFile, OnnxPrecision, TaggerHead } from '../schema/taggerHead.ts';
import { softwareVersion } from '../util/softwareVersion.ts';

/** Names of graphs, as transformers.js expects them. */
const graphNames = { f32: 'model.onnx', f16: 'model_fp16.onnx', int8: 'model_int8.onnx' } as const;

/** `largestBytes`: where the weights are more, they are in a file beside the graph. Throws LabError `onnx/half` for weights too large for f16. */
export function onnxFiles(
  weights: HostParameters,
  shape: TaggerShape,
  { tags }: Pick<TaggerHead, 'tags'>,
  precision: OnnxPrecision,
  largestBytes = LARGEST_ONNX_BYTES,
) {
  const { model, chain } = taggerGraph(weights, shape, precision, { tags, software: softwareVersion });
  const stream = onnxStream(model, graphNames[precision], largestBytes);
  const description: OnnxFile = {
    format: 'bioner-lab-onnx',
    version: 1,
    precision,
    model: graphNames[precision],
    data: stream.files[1]?.name ?? null,
    crf: chain,
  };
  return { description, stream };
}
