import type { Body } from "../../api/client";

export interface Node {
  number: number;
  name: string;
  risk: number;
}

const SIZE = 460;
const MOST = 80;

/** Members on a circle, and the links that hold them together; the reasons are on the links and in the list below. */
export function Graph({ nodes, links, label }: { nodes: Node[]; links: Body["ClusterTie"][]; label: string }) {
  const shown = nodes.slice(0, MOST);
  const at = new Map(shown.map((node, index) => {
    const angle = (2 * Math.PI * index) / shown.length - Math.PI / 2;
    const radius = shown.length === 1 ? 0 : SIZE / 2 - 60;
    return [node.number, { x: SIZE / 2 + radius * Math.cos(angle), y: SIZE / 2 + radius * Math.sin(angle) }];
  }));
  return (
    <svg className="ties" viewBox={`0 0 ${SIZE} ${SIZE}`} role="img" aria-label={label}>
      {links.map((link) => {
        const [from, to] = [at.get(link.older), at.get(link.younger)];
        if (!from || !to) return null;
        return (
          <line key={`${link.older} ${link.younger}`} x1={from.x} y1={from.y} x2={to.x} y2={to.y} className={link.weight === 0 ? "said" : "seen"} strokeWidth={Math.min(6, 1 + link.weight / 1000)}>
            <title>{link.because}</title>
          </line>
        );
      })}
      {shown.map((node) => {
        const place = at.get(node.number);
        if (!place) return null;
        return (
          <g key={node.number}>
            <circle cx={place.x} cy={place.y} r={7} className={node.risk >= 60 ? "evidence" : node.risk >= 30 ? "interaction" : "scan"}><title>{`${node.name}: risk ${node.risk}`}</title></circle>
            {shown.length <= 24 && <text x={place.x} y={place.y > SIZE / 2 ? place.y + 22 : place.y - 13} textAnchor="middle">{node.name}</text>}
          </g>
        );
      })}
    </svg>
  );
}
