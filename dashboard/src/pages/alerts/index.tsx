import { Deliveries } from "./Deliveries";
import { Mutes } from "./Mutes";
import { Rules } from "./Rules";

/** Who is told of incidents, who is not, and what became of each message. */
export default function Alerts() {
  return (
    <div className="page">
      <div className="head"><h1>Alerts</h1></div>
      <Rules />
      <Mutes />
      <Deliveries />
    </div>
  );
}
