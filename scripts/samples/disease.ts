// The disease sample corpora: invented syndromes, inflammations and tumours among words that only look or sometimes mean so.
import { composed, type SampleCategory } from './category.ts';
import { oneOf } from './template.ts';

const stems = [
  'velm', 'brach', 'corv', 'tendr', 'mycel', 'glosk', 'phrem', 'stern', 'nephil', 'dural', 'ostel', 'rhabd', 'cyrt', 'lymbr', 'splan', 'xanth',
  'hepal', 'karst', 'morv', 'thyr', 'vesic', 'zygal',
]; // prettier-ignore
const links = ['', 'od', 'omyel', 'ar', 'ell', 'in', 'ul', 'otr'];
const surnames = [
  'Harkov', 'Lindt', 'Orwen', 'Bascombe', 'Tillard', 'Mersk', 'Quandt', 'Vaskov', 'Ferrol', 'Nyland', 'Dorsay', 'Penhale', 'Rusk', 'Ilmari',
  'Castell', 'Weyler',
]; // prettier-ignore
const surname = composed(surnames);
const organ = oneOf(
  'renal',
  'hepatic',
  'cardiac',
  'bronchial',
  'retinal',
  'spinal',
  'gastric',
  'pancreatic',
  'muscular',
  'cutaneous',
);

export const disease: SampleCategory = {
  name: 'disease',
  type: 'Disease',
  settings: { a: 'case reports and hospital cohorts', b: 'genetics and family studies' },
  names: {
    inflammation: composed(stems, links, ['itis', 'itis', 'adenitis']),
    condition: composed(stems, links, ['osis', 'opathy', 'emia', 'algia', 'plegia']),
    tumour: composed(stems, links, ['oma', 'osarcoma', 'carcinoma', 'blastoma']),
    eponym: (rng) => {
      const head = oneOf('syndrome', 'disease', 'disease', 'anomaly', 'palsy')(rng);
      return rng.uniform() < 0.5 ? `${surname(rng)} ${head}` : `${surname(rng)} - ${surname(rng)} ${head}`;
    },
    inherited: (rng) =>
      `${oneOf('familial', 'hereditary', 'congenital', 'X - linked', 'early - onset')(rng)} ${organ(rng)} ${oneOf('dystrophy', 'atrophy', 'dysplasia', 'sclerosis', 'ataxia')(rng)}`,
    organFailure: (rng) =>
      `${oneOf('acute', 'chronic', 'severe', 'idiopathic', 'diffuse', 'juvenile')(rng)} ${organ(rng)} ${oneOf('failure', 'fibrosis', 'insufficiency', 'stenosis', 'necrosis', 'ischaemia')(rng)}`,
  },
  slots: {
    known: oneOf(
      'asthma',
      'diabetes',
      'anaemia',
      'hypertension',
      'epilepsy',
      'pneumonia',
      'gout',
      'malaria',
      'breast cancer',
    ),
    any: oneOf('[inflammation]', '[condition]', '[tumour]', '[eponym]', '[inherited]', '[organFailure]', '[known]'),
    several: oneOf('{any}', '{any} and {any}', '{any} , {any} or {any}', '{any} with {any}'),
    // The eponym and, in brackets, its initials: both are mentions.
    abbreviated: (rng) => {
      const [first, second] = [surname(rng), surname(rng)];
      const letters = `${first.charAt(0)}${second.charAt(0)}`;
      return `[=${first} - ${second} syndrome] ( [=${letters}S] )`;
    },
    process: oneOf('diagnosis', 'prognosis', 'apoptosis', 'mitosis', 'hypothesis', 'genesis', 'osmosis', 'endocytosis'),
    // Only the words themselves show whether this is a mention.
    item: oneOf('{any}', '{any}', '{process}', '{named}'),
    person: oneOf(...surnames.map((name) => `Dr ${name}`), ...surnames.map((name) => `Professor ${name}`)),
    named: oneOf(
      ...surnames.flatMap((name) => [
        `the ${name} score`,
        `the ${name} test`,
        `the ${name} hospital`,
        `${name} 's method`,
      ]),
    ),
    organWord: organ,
    group: oneOf('patients', 'women', 'men', 'infants', 'siblings', 'carriers', 'adults', 'cases'),
    therapy: oneOf(
      'surgery',
      'steroids',
      'physiotherapy',
      'a transplant',
      'dialysis',
      'a low - salt diet',
      'antibiotics',
      'watchful waiting',
    ),
    finding: oneOf(
      'a normal scan',
      'raised markers',
      'a reduced gait speed',
      'short stature',
      'low platelet counts',
      'no abnormality',
    ),
    gene: oneOf('VXR1', 'TMK5', 'BRL2', 'ZEK9', 'KORA3', 'LMQ7', 'NUD4'),
  },
  templates: {
    a: [
      '{opening} a {small} - year - old <woman|man> presented with {several} {time} .',
      '{opening} {count} {group} with {any} were treated with {therapy} {time} {statistic} .',
      'The diagnosis of {any} was made {time} and {therapy} was started .',
      'The {process} was confirmed {time} by {person} .',
      '{any} was more common than {any} among {group} {statistic} .',
      'Risk of {several} rose with age {statistic} {ending} .',
      'Two {group} died of {any} despite {therapy} {ending} .',
      'She had a common [=cold] {time} and then developed {any} .',
      'Samples were kept in a cold room {time} , and {organWord} function was measured .',
      'He survived an ischaemic [=stroke] and later {any} {ending} .',
      'The stroke volume was {count} ml at rest and {organWord} output was normal {statistic} .',
      '{group} with septic [=shock] needed {therapy} {time} {statistic} .',
      'The shock wave of the device was set to {small} pulses by {person} .',
      '{opening} {named} was used to grade {organWord} function in {count} {group} .',
      'Neither {any} nor {any} recurred after {therapy} {statistic} {ending} .',
      'We describe a case of {abbreviated} with {finding} {ending} .',
      'Examination showed {finding} , and {person} advised {therapy} {time} .',
      'Overall survival was {small} months and disease - free survival {small} months {statistic} .',
      'Complications such as {several} were rare in {group} given {therapy} .',
      'The ward round discussed {item} , {item} and {therapy} {time} .',
      '{opening} the report of {person} mentions {item} {time} {ending} .',
      '{opening} {therapy} cured {any} in {small} of {count} {group} .',
    ],
    b: [
      'Mutations of {gene} cause {any} in {small} families from {town} {ending} .',
      '{opening} {several} segregated with a marker near {gene} {statistic} .',
      'Carriers of {gene} variants developed {any} {time} {statistic} .',
      '{opening} loss of {gene} disturbs {process} in {organWord} cells {ending} .',
      'We sequenced {gene} in {count} {group} with {several} {statistic} .',
      'Of {count} {group} , {small} had {any} and {small} had {any} {ending} .',
      'The gene for {abbreviated} lies close to {gene} {ending} .',
      '{person} mapped {gene} in {count} families and wrote the {process} of the {study} .',
      'Susceptibility to {any} , but not to {any} , is inherited {statistic} .',
      'Deletion of {gene} is lethal , whereas duplication leads to {any} {ending} .',
      'A family history of [=stroke] was noted in {count} {group} {statistic} .',
      'With a stroke of luck , {person} found the {gene} deletion in {town} .',
      'Maternal [=depression] and {any} were recorded in the {study} {statistic} .',
      'A depression in the curve marks the end of {process} {ending} .',
      'Expression of {gene} fell after heat shock in {organWord} cells {statistic} .',
      'The cold shock domain of {gene} is conserved {ending} .',
      '{named} does not predict {gene} status in {group} {statistic} .',
      'Homozygous {group} showed {finding} but no {any} {ending} .',
      '{opening} {any} is allelic to {any} , both due to {gene} {ending} .',
      'The chapter on {item} follows that on {item} {ending} .',
      'Links between {gene} and {item} were sought in {count} {group} {statistic} .',
      'A disease - causing variant of {gene} was found in {small} {group} with {any} .',
    ],
  },
};
