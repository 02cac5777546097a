// Proves that the words about confidences follow from the figures.
import { describe, expect, it } from 'vitest';
import { calibrationOf } from '../../../../src/metrics/calibration.ts';
import { calibrationText } from '../../../../src/ui/analyse/ConfidencePanel.tsx';

/** Ten mentions of one confidence, of which some are correct. */
const ten = (confidence: number, correct: number) =>
  calibrationOf(Array.from({ length: 10 }, (_, index) => ({ confidence, isCorrect: index < correct })));

describe('the words about confidences', () => {
  it('say too sure, not sure enough, or neither', () => {
    expect(calibrationText({ before: ten(0.95, 6), fitted: null })).toContain('it is too sure.');
    expect(calibrationText({ before: ten(0.55, 9), fitted: null })).toContain('it is not sure enough.');
    expect(calibrationText({ before: ten(0.9, 9), fitted: null })).toContain('it is as sure as it is right.');
    expect(calibrationText({ before: calibrationOf([]), fitted: null })).toBe(
      'The tagger predicts no mention on test.',
    );
  });

  it('say what the temperature changes, also for the worse', () => {
    const text = (correct: number) =>
      calibrationText({ before: ten(0.95, 6), fitted: { temperature: 2, develMentions: 30, after: ten(0.75, correct) } }); // prettier-ignore
    expect(text(6)).toContain('A temperature of 2.00, fitted on 30 mentions of devel, lowers the expected calibration error: 35.00 % before, 15.00 % after.'); // prettier-ignore
    expect(text(0)).toContain('does not lower');
  });
});
