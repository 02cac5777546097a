// The species sample corpora: invented Latin names and creatures among anatomical Latin, places and everyday senses of their words.
import { composed, type SampleCategory } from './category.ts';
import { oneOf } from './template.ts';

const genusStems = ['Velmo', 'Brachi', 'Trale', 'Zelko', 'Morvi', 'Fendo', 'Daxi', 'Quilo', 'Lumi', 'Sorva', 'Kelti', 'Nima', 'Pravo', 'Tyri', 'Osta', 'Grevi', 'Jalo', 'Wembi', 'Rhexo', 'Caldi', 'Ibra', 'Yoli']; // prettier-ignore
const genusEndings = ['ra', 'lla', 'bacter', 'coccus', 'myces', 'psis', 'don', 'nium', 'saurus', 'tella'];
const epithets = [
  'tristis', 'ventosa', 'palustris', 'montana', 'brevipes', 'cinerea', 'gracilis', 'fuscata', 'lacustris', 'nivea', 'robusta', 'sylvicola',
  'obscura', 'rubens', 'striata', 'tenuis', 'velata', 'zonalis', 'arenosa', 'clavata',
]; // prettier-ignore
const genus = composed(genusStems, genusEndings);
const epithet = composed(epithets);

export const species: SampleCategory = {
  name: 'species',
  type: 'Species',
  settings: { a: 'field ecology', b: 'microbiology and laboratory animals' },
  names: {
    binomial: (rng) => `${genus(rng)} ${epithet(rng)}`,
    shortened: (rng) => `${genus(rng).charAt(0)} . ${epithet(rng)}`,
    unnamed: (rng) => `${genus(rng)} sp .`,
    subspecies: (rng) => `${genus(rng)} ${epithet(rng)} subsp . ${epithet(rng)}`,
    creature: (rng) =>
      `${oneOf('marsh', 'spotted', 'northern', 'dwarf', 'ringed', 'pale', 'river', 'golden', 'long - tailed', 'cave', 'crested', 'blunt - nosed', 'reed', 'striped')(rng)} ${oneOf('vole', 'quillfish', 'tern', 'newt', 'shrew', 'bat', 'snail', 'moth', 'lizard', 'heron', 'beetle', 'crayfish', 'finch', 'toad', 'stoat', 'minnow', 'plover', 'cricket')(rng)}`,
    virus: (rng) =>
      `${composed(genusStems)(rng)}${oneOf('ton', 'ford', 'vale', 'wick', 'mere')(rng)} ${oneOf('virus', 'virus', 'virus 2', 'phage')(rng)}`,
  },
  slots: {
    known: oneOf('mice', 'rats', 'zebrafish', 'rabbits', 'sheep', 'E . coli', 'maize', 'wheat'),
    wild: oneOf('[binomial]', '[binomial]', '[shortened]', '[unnamed]', '[creature]', '[creature]', '[subspecies]'),
    microbe: oneOf('[binomial]', '[binomial]', '[shortened]', '[shortened]', '[virus]', '[unnamed]', '[subspecies]'),
    several: oneOf('{wild}', '{wild} and {wild}', '{wild} , {wild} and {wild}'),
    cultures: oneOf('{microbe}', '{microbe} and {microbe}', 'either {microbe} or {microbe}'),
    // The full name, then the genus shortened to its initial: both are mentions.
    twice: (rng) => {
      const [full, second] = [genus(rng), epithet(rng)];
      return `[=${full} ${second}] ( hereafter [=${full.charAt(0)} . ${second}] )`;
    },
    latin: oneOf('in vitro', 'in situ', 'ad libitum', 'in vivo', 'post mortem', 'de novo'),
    bodyPart: oneOf(
      'vastus lateralis',
      'substantia nigra',
      'corpus striatum',
      'vena cava',
      'tibialis anterior',
      'latissimus dorsi',
    ),
    place: (rng) =>
      `${composed(genusStems)(rng)}${oneOf('mark', 'dale', 'burgh', 'stead')(rng)} ${oneOf('Valley', 'Island', 'Forest', 'Ridge', 'Station')(rng)}`,
    author: (rng) => `${composed(genusStems)(rng)}${oneOf('vich', 'son', 'berg', 'etti')(rng)} et al .`,
    // Only the words themselves show whether this is a mention.
    item: oneOf('{wild}', '{wild}', '{bodyPart}', '{place}'),
    habitat: oneOf('wet meadows', 'shallow ponds', 'limestone caves', 'beech forest', 'salt marsh', 'city parks'),
    trait: oneOf('body mass', 'clutch size', 'survival', 'leaf area', 'growth rate', 'range size', 'call length'),
    site: oneOf('plots', 'transects', 'nest boxes', 'ponds', 'traps', 'quadrats'),
    medium: oneOf('agar', 'broth', 'minimal medium', 'serum - free medium', 'saline'),
    outcome: oneOf('lesions', 'weight loss', 'biofilm', 'spores', 'toxin', 'no colonies', 'antibodies'),
  },
  templates: {
    a: [
      '{opening} {several} occurred in {habitat} near {place} {statistic} .',
      'The {trait} of {wild} increased with rainfall {statistic} {ending} .',
      'We set {count} {site} in {place} and checked them {time} .',
      '{author} counted {wild} in {small} of {count} {site} {statistic} .',
      '{opening} {wild} avoids {habitat} where {wild} is common {ending} .',
      '{twice} was seen {time} in {habitat} .',
      'Eggs of {wild} were taken by {wild} in {small} {site} {statistic} .',
      'Wild [=turkey] tracks were found in {small} {site} near {place} .',
      'The team travelled from Turkey to {place} {time} to check {site} .',
      'A field [=mouse] was caught in {small} of the {site} {time} {statistic} .',
      'Each record was entered with a mouse click {time} by staff in {town} .',
      'Sightings of a grey [=seal] near {place} were confirmed {time} .',
      'The seal of the {device} was changed {time} in {town} {ending} .',
      '{author} mapped {habitat} in {place} and measured rainfall {time} {statistic} .',
      'Competition between {wild} and {wild} lowers {trait} in {habitat} {statistic} .',
      'Samples were preserved {latin} and sent to {place} {time} .',
      '{opening} {trait} did not differ between {site} {statistic} {ending} .',
      'The diet of {wild} consists of {wild} and seeds {statistic} .',
      'The poster shows {item} and {item} {ending} .',
      '{opening} the talk by {author} was about {item} {time} .',
      'Declines of {several} followed the loss of {habitat} {ending} .',
      '{small} {site} in {habitat} held {wild} , and {small} held {wild} {time} .',
    ],
    b: [
      '{opening} {cultures} grew in {medium} {soon} {statistic} .',
      '[known] were infected with {microbe} and watched for {outcome} {soon} .',
      'Strains of {microbe} formed {outcome} {latin} {statistic} {ending} .',
      '{opening} the {medium} was changed {soon} and {outcome} were counted {statistic} .',
      'Biopsies of the {bodyPart} were taken {soon} and kept in {medium} .',
      '{microbe} lacks the pathway that {microbe} uses in {medium} {ending} .',
      '{twice} was isolated from {medium} {soon} .',
      'Food was given ad libitum and {trait} was recorded with the {device} {statistic} .',
      '[known] and [known] were housed in pairs at {place} {soon} .',
      'Lysis of {cultures} by [virus] took {small} hours in {medium} {statistic} .',
      "Brewer 's [=yeast] and {microbe} shared the {medium} {soon} .",
      'Plates held {medium} with yeast extract and were read {soon} {statistic} .',
      'Adult [=guinea pig] sera contained antibodies to {microbe} {statistic} .',
      'The station in Guinea shipped {medium} to {place} {soon} {ending} .',
      'Lesions of the {bodyPart} changed {trait} in [known] {statistic} .',
      'The {bodyPart} was stained {latin} as {author} described .',
      '{opening} vaccination protected [known] from {microbe} but not from {microbe} {statistic} .',
      'Growth <in vitro|in situ> was slower than expected in {medium} {statistic} {ending} .',
      'Images of {item} , {item} and {medium} were stored {soon} {statistic} .',
      'Chapter {small} deals with {item} {ending} .',
      'The genome of {microbe} is {small} % larger than that of {microbe} {ending} .',
      '{author} tested {medium} from {place} {soon} and found {outcome} .',
    ],
  },
};
