// Defines the terms of the lab, one line each, for texts that explain them where they occur, the Help drawer and the documentation.

/** In alphabetical order; a definition is one line of less than 200 characters. */
export const glossary = {
  affinity:
    'How far training on one task lowers or raises the loss of another. The lab estimates it from gradients, and then compares trainings on devel.',
  AIO: 'All-in-one: one tagger for all types of a category. Words before and after each text ask for a type, and it marks that type.',
  batch: 'The sequences of one update. A micro-batch is what is on the device at once; gradients add up to the batch.',
  'bootstrap interval':
    'Where the difference lies in the middle 95 % of the cases when the test sentences are drawn again and again, with replacement.',
  category: 'Tasks that annotate the same kind of entity, such as disease, and are trained together by MTL-XC.',
  checkpoint: 'Weights and optimizer state as saved while training, from which a run resumes bit for bit.',
  CollaboNet:
    'A method for BiLSTMs: after STL, each task is trained in turn while its network reads those of the category’s other tasks.',
  conlleval:
    'The scoring of the CoNLL shared tasks: mentions are read leniently, so that a tag I without a B before it still begins one.',
  corpus: 'A collection of sentences in which people have marked entities, in parts for training, devel and test.',
  CRF: 'Conditional random field: a last layer that scores the tags of a sentence as one sequence, not each by itself.',
  'cross-origin isolation':
    'Headers that give a page memory no other site can read. Browsers allow threads of WebAssembly only with them.',
  devel: 'The part of a corpus on which settings and the snapshot are chosen. It is neither trained on nor reported.',
  dictionary: 'A list of terms with ids, to mark them in text as annotation, and to say which entry a mention means.',
  'entity set T, L and P':
    'Distinct mention texts of the training part (T), of the test labels (L) and of the predictions (P). Their overlap shows what is memorised.',
  'entity type': 'What a mention is: for example Disease, Chemical, Gene or Species.',
  epoch: 'One pass over all training sentences.',
  'expected calibration error':
    'How far confidence and share of correct mentions are apart, on average over ten bins of confidence; 0 % where a tagger is as sure as it is right.',
  F1: 'The harmonic mean of precision and recall, 2PR / (P + R), in percent.',
  'fine-tuning': 'Training a pretrained model further on annotated sentences.',
  fingerprint:
    'A digest of the content. The same sentences or weights have the same one, whatever their files are called.',
  Holm: 'Holm’s correction makes p-values larger for the number of comparisons, so that one of many does not pass by chance.',
  'IOB, IOBES and BIOLU':
    'Tag schemes: B begins a mention, I continues it, O is outside; E or L ends it, and S or U is a mention of one token.',
  'layer slicing':
    'Building an encoder of lower layers from one model and upper layers from another; see slicing rate.',
  'layer-wise learning rate':
    'A learning rate that falls from the top layer to the bottom by a constant factor, so that general lower layers change less.',
  leak: 'A test sentence whose text also occurs in training, exactly or nearly. A score on it says little about new text.',
  'learning rate': 'How far an update moves the weights.',
  loss: 'What training makes smaller: how improbable the model finds the annotated tags.',
  mention: 'A stretch of text that names an entity, such as “breast cancer”.',
  'MTL-LS':
    'Multi-task learning by layer slicing: lower layers from MTL-XC, upper layers pretrained, then trained on one task alone.',
  'MTL-PL':
    'Multi-task learning on partial labels: each corpus keeps its types, and a token that it leaves unmarked may be of a type that it does not annotate.',
  'MTL-XC': 'Multi-task learning on all corpora of a category at once, with every layer shared.',
  'named entity': 'Something with a name or term that texts refer to: a disease, a chemical, a gene, a species.',
  p: 'How often a difference as large as this one would occur if the two methods did not differ.',
  piece: 'A part of a word, as the model’s tokenizer cuts it. Length limits count pieces.',
  plan: 'What to train: tasks, methods, slicing rates, seeds and settings. It can be exported as a file.',
  precision: 'Of the mentions that the tagger found, the percentage that are annotated.',
  pretrained: 'Trained beforehand on much text without labels, which teaches a model the language.',
  'randomisation test':
    'Swaps the outputs of two methods at random, sentence by sentence, many times, and counts how often the difference is as large.',
  recall: 'Of the annotated mentions, the percentage that the tagger found.',
  round:
    'A further training that starts from the final weights of the one before; the paper trains 30 epochs, then three rounds.',
  run: 'One training: a method on its tasks with one seed.',
  seed: 'The number that fixes every random choice of a run. Several seeds show how much a score varies by chance.',
  'slicing rate':
    'The share of the encoder’s layers, counted from the bottom, that MTL-LS takes from MTL-XC: MTL-LS 0.25 takes a quarter.',
  snapshot: 'The weights after an epoch. The one with the best devel F1 is selected, and its test score is reported.',
  STL: 'Single-task learning: a model for one corpus alone. The baseline of every comparison.',
  strict: 'Scoring in which only a mention that is written correctly in the tag scheme counts.',
  'sub-task': 'A corpus restricted to one of its entity types, such as the diseases of BC5CDR.',
  'tag scheme': 'How tags mark the begin, middle and end of mentions; see IOB, IOBES and BIOLU.',
  tagger: 'A trained model that marks mentions in text.',
  task: 'Finding the mentions of one entity type, or of all, in one corpus.',
  test: 'The part of a corpus that is used once, for the score that is reported.',
  token: 'A word or punctuation mark: the unit that has a tag.',
  wasm: 'WebAssembly: compiled code that browsers run on the processor, on several threads where the page is isolated.',
  WebGPU: 'The browser’s access to the graphics card for computing. Without it the lab trains on the processor.',
} as const satisfies Readonly<Record<string, string>>;

export type TermName = keyof typeof glossary;

/** Returns the terms whose name or definition contains every word, all for an empty text; those whose name contains the first word come first. */
export function searchGlossary(text: string): readonly TermName[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  const [first = ''] = words;
  const found = (Object.keys(glossary) as TermName[]).filter((name) => {
    const entry = `${name} ${glossary[name]}`.toLowerCase();
    return words.every((word) => entry.includes(word));
  });
  const isNamed = (name: TermName): boolean => name.toLowerCase().includes(first);
  return [...found.filter(isNamed), ...found.filter((name) => !isNamed(name))];
}
