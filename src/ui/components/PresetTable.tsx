// Every setting in which the presets differ, side by side.
import { presets } from '../../lab/presets.ts';
import { settingText } from '../configDraft.ts';
import { configFields } from '../configFields.ts';
import { PRESET_NAMES } from '../planDraft.ts';
import { TableBox } from './TableBox.tsx';

export function PresetTable() {
  const rounds = PRESET_NAMES.map((name) => {
    const { count, epochs } = presets[name].rounds;
    return count === 0 ? 'none' : `${count} × ${epochs} epochs`;
  });
  const rows = [
    ...configFields.map((field) => [
      field.label,
      ...PRESET_NAMES.map((name) => settingText(field, presets[name].config)),
    ]),
    ['Further rounds', ...rounds],
  ].filter(([, first, ...others]) => others.some((text) => text !== first));
  return (
    <details className="fold">
      <summary>Differences between presets</summary>
      <TableBox label="Differences between presets">
        <thead>
          <tr>
            <th scope="col">Setting</th>
            {PRESET_NAMES.map((name) => (
              <th key={name} scope="col">
                {presets[name].label}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map(([label, ...texts]) => (
            <tr key={label}>
              <th scope="row">{label}</th>
              {texts.map((text, place) => (
                <td key={place}>{text}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </TableBox>
    </details>
  );
}
