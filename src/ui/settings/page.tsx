import "./settings.css";

export function SettingsPage() {
  return <h1>Settings</h1>;
}
