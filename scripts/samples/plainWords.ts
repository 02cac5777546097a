// Words around the mentions in every category: counts, times, statistics, openings.
import type { Rng } from '../../src/util/random.ts';
import { oneOf, type Slots } from './template.ts';

const between = (low: number, high: number) => (rng: Rng) => String(low + rng.integer(high - low));
const decimal = (low: number, high: number) => (rng: Rng) => (low + rng.uniform() * (high - low)).toFixed(2);

export const plainWords: Slots = {
  count: between(7, 420),
  small: between(2, 24),
  ratio: decimal(0.3, 4.8),
  probability: (rng) => (0.001 + rng.uniform() * 0.08).toFixed(3),
  statistic: oneOf(
    '( P = {probability} )',
    '( n = {small} )',
    '( odds ratio {ratio} )',
    '( {small} % )',
    '( Table {small} )',
    '( {ratio} - fold )',
    '',
    '',
    '',
  ),
  opening: oneOf(
    'In this series ,', 'Overall ,', 'By contrast ,', 'As expected ,', 'Unexpectedly ,', 'In a second step ,', 'Taken together ,',
    'To our knowledge ,', 'In agreement with this ,', 'For comparison ,', 'In line with earlier work ,', 'Here ,', '', '', '', '',
  ), // prettier-ignore
  time: oneOf(
    'after {small} weeks', 'at {small} months', 'within {small} hours', 'on day {small}', 'over {small} years', 'during follow - up',
    'at baseline', 'between visits', 'by the end of the season', '', '',
  ), // prettier-ignore
  ending: oneOf(
    'as reported earlier', 'although the effect was small', 'but the reason is unclear', 'and this held in every subgroup',
    'as shown in Fig . {small}', 'which needs further work', '', '', '', '', '',
  ), // prettier-ignore
  town: oneOf('Oldmarch', 'Verrington', 'Port Salda', 'Kestwick', 'Lower Brenn', 'Tarnholm', 'Eastvale', 'Corrinport'),
  soon: oneOf(
    'within {small} hours',
    'overnight',
    'on day {small}',
    'after {small} minutes',
    'at room temperature',
    'in triplicate',
    '',
    '',
  ),
  study: oneOf('trial', 'study', 'cohort', 'survey', 'pilot study', 'audit', 'registry', 'programme'),
  device: oneOf('scanner', 'analyser', 'pump', 'recorder', 'microscope', 'freezer', 'plate reader', 'centrifuge'),
  initial: oneOf('A', 'B', 'D', 'E', 'G', 'H', 'J', 'K', 'M', 'R', 'T'),
};
