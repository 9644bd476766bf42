import { BOX, type Document, home, layout } from "./document";

/** LANs as boxes with their deckies, the DMZ first, and the bridges between them; a decky that is touched lights up. */
export function Drawing({ document, depths, lit, name }: { document: Document; depths: Record<string, number>; lit: Set<string>; name: string }) {
  const { spots, width, height } = layout(document, depths);
  const row = (lan: string, decky: string) => home(document, lan).findIndex((one) => one.name === decky);
  const homes = new Map(document.edges.filter((edge) => !edge.bridge).map((edge) => [edge.decky, edge.lan]));
  return (
    <div className="drawing">
      <svg className="topology" viewBox={`-8 -8 ${width + 16} ${height + 16}`} style={{ minWidth: Math.min(width, 1600) }} role="img" aria-label={`Topology ${name}`}>
        {document.edges.filter((edge) => edge.bridge).map((edge) => {
          const own = homes.get(edge.decky);
          const [from, to] = [own === undefined ? undefined : spots.get(own), spots.get(edge.lan)];
          if (own === undefined || !from || !to) return null;
          const y = from.y + BOX.head + (row(own, edge.decky) + 0.5) * BOX.row;
          const below = from.y > to.y;
          const end = { x: to.x + BOX.width / 2, y: below ? to.y + BOX.head + home(document, edge.lan).length * BOX.row : to.y };
          return (
            <path key={`${edge.decky} ${edge.lan}`} className={edge.forwards ? "router" : "bridge"} d={`M ${from.x} ${y} C ${from.x - 20} ${y - 40}, ${end.x} ${end.y + (below ? 40 : -40)}, ${end.x} ${end.y}`}>
              <title>{`${edge.decky} ${edge.forwards ? "routes" : "bridges"} ${own} and ${edge.lan}`}</title>
            </path>
          );
        })}
        {document.lans.map((lan) => {
          const at = spots.get(lan.name);
          if (!at) return null;
          const deckies = home(document, lan.name);
          return (
            <g key={lan.name} transform={`translate(${at.x} ${at.y})`}>
              <rect className={lan.dmz ? "lan dmz" : "lan"} width={BOX.width} height={BOX.head + deckies.length * BOX.row} rx={4} />
              <text x={8} y={15} className="title">{lan.name}</text>
              <text x={8} y={28} className="faint">{lan.dmz ? `DMZ ${lan.subnet}` : lan.subnet}</text>
              {deckies.map((decky, index) => (
                <g key={decky.name} transform={`translate(0 ${BOX.head + index * BOX.row})`} className={lit.has(`${name}.${decky.name}`) ? "decky lit" : "decky"}>
                  <circle cx={13} cy={8} r={4} />
                  <text x={24} y={12}>{decky.name}</text>
                  <title>{`${decky.name}: ${decky.system}, ${decky.services.map((one) => one.slug).join(" ")}; ${Object.values(decky.ips).join(" ")}`}</title>
                </g>
              ))}
            </g>
          );
        })}
      </svg>
    </div>
  );
}
