// Opens a model's weights in whichever form they came, as the tensors of a Hugging Face checkpoint.
import type { WeightsForm } from '../../data/formats/modelFiles.ts';
import { LabError } from '../../util/labError.ts';
import { openSafetensors } from '../safetensors.ts';
import type { StoredTensor } from '../storedTensor.ts';
import { shardedTensors } from './shardedTensors.ts';
import { tensorflowBert } from './tensorflowBert.ts';
import { openTensorflowCheckpoint } from './tensorflowCheckpoint.ts';
import { tensorflowXlnet } from './tensorflowXlnet.ts';
import { torchTensors } from './torchTensors.ts';
import type { WeightsFile } from './weightsFile.ts';

/**
 * Tensors by Hugging Face's names, their numbers unread; `files` are those that `modelFiles` chose, the index first where there is one,
 * and must stay as they are. Throws LabError `safetensors/...`, `weights/...`, `torch/...` or `tensorflow/...` with expected and got.
 */
export function openWeights(form: WeightsForm, files: readonly WeightsFile[]): ReadonlyMap<string, StoredTensor> {
  const [first, ...others] = files;
  if (first === undefined) throw new LabError('weights/files', 'There is no file of weights.', { expected: form });
  switch (form) {
    case 'safetensors':
      return openSafetensors(first.bytes);
    case 'safetensors shards':
      return shardedTensors(first, others, openSafetensors);
    case 'torch':
      return torchTensors(first.bytes);
    case 'torch shards':
      return shardedTensors(first, others, torchTensors);
    case 'tensorflow':
      return tensorflowBert(tensorflowXlnet(openTensorflowCheckpoint(first, others)));
  }
}
