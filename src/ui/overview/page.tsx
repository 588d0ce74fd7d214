import "./overview.css";

export function OverviewPage() {
  return <h1>Overview</h1>;
}
