/** The appearance of the viewer in this browser. */
import { applyDensity, applyTheme, usePref, type Theme } from "../state/prefs.ts";
import { Section, SetRow } from "./section.tsx";

const themes: [Theme, string][] = [
  ["system", "System"],
  ["light", "Light"],
  ["dark", "Dark"],
];
const densities = [
  ["regular", "Regular"],
  ["compact", "Compact"],
] as const;

export function Appearance() {
  const [theme, setTheme] = usePref("theme", "system");
  const [density, setDensity] = usePref("density", "regular");
  return (
    <Section id="look" title="Appearance" about="Kept in this browser.">
      <SetRow
        name="Theme"
        end={
          <Choice
            label="Theme"
            options={themes}
            value={theme}
            set={(value) => {
              setTheme(value);
              applyTheme(value as Theme);
            }}
          />
        }
      >
        Light or dark.
      </SetRow>
      <SetRow
        name="Density"
        end={
          <Choice
            label="Density"
            options={densities}
            value={density}
            set={(value) => {
              setDensity(value);
              applyDensity(value);
            }}
          />
        }
      >
        Height of list rows.
      </SetRow>
    </Section>
  );
}

function Choice({
  label,
  options,
  value,
  set,
}: {
  label: string;
  options: readonly (readonly [value: string, name: string])[];
  value: string;
  set: (value: string) => void;
}) {
  return (
    <div className="segments" role="group" aria-label={label}>
      {options.map(([each, name]) => (
        <button key={each} type="button" aria-pressed={each === value} onClick={() => set(each)}>
          {name}
        </button>
      ))}
    </div>
  );
}
