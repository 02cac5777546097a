// The chemical sample corpora: invented drugs, salts, acids and codes among enzymes, devices and people that sound like them.
import { composed, type SampleCategory } from './category.ts';
import { oneOf } from './template.ts';

const stems = [
  'vexo', 'bruma', 'trali', 'zelo', 'moxu', 'fendi', 'daxo', 'quilo', 'lumi', 'sorva', 'kelta', 'nimo', 'pravu', 'tyra', 'osta', 'grevi',
  'jalo', 'cardu', 'wembi', 'ibra', 'hespo', 'yoli', 'ruxa', 'eldo',
]; // prettier-ignore
const links = ['', 'l', 'r', 'n', 'lo', 'ra', 'ti', 've', 'mi', 'do'];
const drugEndings = [
  'mycin',
  'azole',
  'olol',
  'pril',
  'sartan',
  'idine',
  'oxacin',
  'azepam',
  'amide',
  'avir',
  'tinib',
  'cillin',
];
const word = composed(stems, links);
const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

export const chemical: SampleCategory = {
  name: 'chemical',
  type: 'Chemical',
  settings: { a: 'clinical notes and trials', b: 'bench chemistry and toxicology' },
  names: {
    drug: composed(stems, links, drugEndings),
    salt: (rng) =>
      `${oneOf('sodium', 'potassium', 'calcium', 'zinc')(rng)} ${word(rng)}${oneOf('ate', 'ide', 'ite')(rng)}`,
    acid: (rng) => `${word(rng)}${oneOf('nic', 'lic', 'tic')(rng)} acid`,
    derivative: (rng) =>
      `${oneOf('N - acetyl', 'methyl', '2 - chloro', 'hydroxy', 'trans', '4 - amino')(rng)} - ${word(rng)}${oneOf('ane', 'ene', 'anol', 'one')(rng)}`,
    form: (rng) =>
      `${word(rng)}${oneOf(...drugEndings)(rng)} ${oneOf('hydrochloride', 'sulfate', 'maleate', 'phosphate')(rng)}`,
    code: (rng) => `${oneOf('ZK', 'BX', 'TQ', 'LV', 'KR')(rng)}-${100 + rng.integer(8900)}`,
  },
  slots: {
    known: oneOf(
      'ethanol',
      'caffeine',
      'glucose',
      'potassium',
      'nitric oxide',
      'oxygen',
      'sodium chloride',
      'methanol',
      'lithium',
      'urea',
    ),
    any: oneOf('[drug]', '[drug]', '[drug]', '[salt]', '[acid]', '[derivative]', '[form]', '[code]', '[known]'),
    medicine: oneOf('[drug]', '[drug]', '[drug]', '[form]', '[code]'),
    reagent: oneOf('[salt]', '[acid]', '[derivative]', '[drug]', '[known]'),
    several: oneOf('{any}', '{any} and {any}', '{any} , {any} and {any}', 'either {any} or {any}', '{any} plus {any}'),
    // The name and, in brackets, its first and last letters in capitals: both are mentions.
    abbreviated: (rng) => {
      const name = composed(stems, links, drugEndings)(rng);
      const short = `${name.charAt(0)}${name.charAt(3)}${name.charAt(name.length - 2)}`.toUpperCase();
      return `[=${name}] ( [=${short}] )`;
    },
    enzyme: (rng) => `${word(rng)}${oneOf('lase', 'genase', 'ductase', 'kinase')(rng)}`,
    // Only the word itself shows whether this is a mention.
    item: oneOf('{any}', '{any}', '{enzyme}', '{enzyme}'),
    surname: (rng) => `${capital(word(rng))}${oneOf('man', 'more', 'sen', 'ski', 'well')(rng)}`,
    gadget: (rng) => `${capital(word(rng))}${oneOf('scan', 'med', 'tron', 'lab')(rng)}`,
    serial: (rng) => `${oneOf('ZK', 'BX', 'TQ', 'LV', 'KR')(rng)}-${100 + rng.integer(8900)}`,
    group: oneOf('patients', 'volunteers', 'adults', 'outpatients', 'children', 'participants'),
    measure: oneOf(
      'blood pressure',
      'heart rate',
      'body weight',
      'quality of life',
      'sleep',
      'appetite',
      'reaction time',
      'lung function',
    ),
    change: oneOf('reduced', 'increased', 'improved', 'did not change', 'lowered', 'raised', 'stabilised'),
    dose: oneOf('{small} mg', '{small} mg / kg', '{count} mg daily', '{ratio} g', '{small} ml'),
    illness: oneOf('heart failure', 'chronic cough', 'tremor', 'skin rash', 'insomnia', 'vertigo', 'gout'),
  },
  templates: {
    a: [
      '{opening} treatment with {medicine} {change} {measure} in {count} {group} {statistic} .',
      '{opening} {count} {group} received {medicine} ( {dose} ) or placebo {time} .',
      'Two {group} on {abbreviated} developed {illness} {time} {ending} .',
      '{medicine} {change} {measure} more than {medicine} did {statistic} .',
      '{opening} {several} had to be stopped because of {illness} in {small} of {count} {group} .',
      'A daily dose of {dose} [known] had no effect on {measure} {time} .',
      'Dr {surname} of the {town} clinic reported {illness} in {count} {group} given {medicine} .',
      'The {surname} {study} followed {count} {group} with {illness} {time} , and none was lost .',
      '{opening} blood [=lead] was higher in {group} with {illness} than in controls {statistic} .',
      'Poor sleep may lead to {illness} in {group} with low {measure} {ending} .',
      'The lead author of the {study} recorded {measure} {time} with a {gadget} {device} .',
      'Injections of [=gold] were once given for {illness} , and later replaced by {medicine} .',
      'The gold standard for {illness} remains an interview by a trained nurse in {town} .',
      '{opening} {group} who took {several} for {illness} reported better {measure} {ending} .',
      'Serum {enzyme} rose {time} in {group} with {illness} {statistic} {ending} .',
      'Model {serial} of the {device} was used to record {measure} in all {group} .',
      '{medicine} - induced {illness} was seen in {small} {group} and resolved {time} .',
      '{opening} the {study} in {town} enrolled {count} {group} and measured {measure} {time} .',
      'No interaction between {medicine} and {any} was found {statistic} {ending} .',
      'The {study} lists {item} and {item} among the targets for {illness} {statistic} .',
      '{item} was low in {group} with {illness} {statistic} {ending} .',
      'Withdrawal of {medicine} and a switch to [code] {change} {measure} {time} .',
    ],
    b: [
      '{opening} {reagent} was dissolved in [known] and heated to {count} degrees {soon} .',
      'Oxidation of {reagent} by {enzyme} gave {reagent} in {small} % yield {ending} .',
      '{opening} exposure of cells to {several} {change} survival {statistic} .',
      'Purified {enzyme} was stored in a {gadget} {device} {soon} {ending} .',
      'Binding of {any} to {enzyme} was measured with a {serial} {device} in {town} .',
      '{several} proved toxic to the larvae at {small} mg per litre {statistic} .',
      'We synthesised {abbreviated} in {small} steps from [derivative] {ending} .',
      'Residues of [=lead] and [=mercury] were found in the soil of {town} {statistic} .',
      'Longer reaction times lead to lower yields {ending} .',
      'The lead engineer of {gadget} repaired the {device} {soon} .',
      'Particles of [=gold] coated with {reagent} were stable {soon} {statistic} .',
      'This assay is the gold standard for {enzyme} and needs {small} hours in the {device} .',
      'Uptake of [acid] depended on [salt] in the medium {statistic} {ending} .',
      '{opening} {surname} and colleagues described the {enzyme} pathway {ending} .',
      'Cells were washed {small} times and lysed , and {enzyme} activity was read in the {device} .',
      'Low concentrations of {any} blocked {enzyme} , whereas {any} had no effect {statistic} .',
      '{opening} compound [code] , an analogue of {any} , {change} {enzyme} activity .',
      'The {serial} {device} was calibrated {soon} by the staff of the {surname} laboratory .',
      'Crystals of [derivative] melted at {count} degrees , those of [form] at {count} .',
      'Traces of {item} and {item} were found {soon} {statistic} .',
      '{opening} {item} was bought from {gadget} and kept {soon} {ending} .',
      'Rats fed {reagent} for {small} weeks excreted [acid] {ending} .',
    ],
  },
};
