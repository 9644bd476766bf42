import { logOut } from "../../api/account";
import { session } from "../../api/session";
import { switchTheme } from "../../app/theme";
import { clock } from "../../kit/time";

export default function Settings() {
  const who = session.get();
  return (
    <div className="page">
      <div className="head"><h1>Settings</h1></div>
      <section className="panel">
        <header><h2>Your login</h2></header>
        <div className="body">
          <dl className="facts">
            <dt>Name</dt><dd>{who?.user}</dd>
            <dt>Role</dt><dd>{who?.role}</dd>
            <dt>Until</dt><dd className="num">{clock(who?.expires_at)}</dd>
          </dl>
        </div>
      </section>
      <div className="row">
        <button onClick={switchTheme}>Dark or light</button>
        <button onClick={() => void logOut()}>Log out</button>
      </div>
    </div>
  );
}
