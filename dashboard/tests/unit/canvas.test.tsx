import { QueryClientProvider } from "@tanstack/react-query";
import { renderToStaticMarkup } from "react-dom/server";
import { describe, expect, test } from "vitest";
import { Canvas } from "../../src/pages/topologies/Canvas";
import { queries } from "../../src/api/queries";
import { type Document, read } from "../../src/pages/topologies/document";
import { Inspector } from "../../src/pages/topologies/Inspector";
import { picture } from "../../src/pages/topologies/layout";
import { ports } from "../../src/pages/topologies/Rules";
import { waysOf } from "../../src/pages/topologies/Ways";
import { words } from "../../src/pages/topologies/words";

const DOCUMENT: Document = read({
  name: "corp",
  lans: [{ name: "dmz", subnet: "172.16.0.0/24", dmz: true }, { name: "office", subnet: "172.16.1.0/24" }],
  deckies: [
    { name: "front", system: "debian12", services: [{ slug: "ssh" }], ips: { dmz: "172.16.0.2", office: "172.16.1.2" }, front: true },
    { name: "pc", system: "windows10", services: [], ips: { office: "172.16.1.3" } },
  ],
  edges: [{ decky: "front", lan: "dmz" }, { decky: "front", lan: "office", bridge: true, forwards: true }, { decky: "pc", lan: "office" }],
});
const drawn = (props: Partial<Parameters<typeof Canvas>[0]> = {}) => renderToStaticMarkup(
  <Canvas document={DOCUMENT} picture={picture(DOCUMENT, { dmz: 0, office: 1 })} found={new Map()} lit={new Set()} ways={[]} chosen={null} choose={() => undefined} {...props} />,
);

describe("the canvas", () => {
  test("is one stop for the keyboard, and each node an option that says what it is", () => {
    const text = drawn();
    expect(text.match(/<svg[^>]*tabindex="0"/gi)?.length).toBe(1);
    expect(text.match(/role="option"/g)?.length).toBe(4);
    expect(text).toContain('aria-label="LAN dmz, 172.16.0.0/24, 1 deckies"');
    expect(text).toContain('aria-label="front, router, front, debian12, ssh, 172.16.0.2 172.16.1.2"');
    expect(text).toContain("front routes to office");
  });
  test("names what is chosen, what is wrong, what was touched, and where somebody went", () => {
    const found = new Map([["pc", [{ code: "IP_COLLISION", warning: false, subject: "pc", detail: "front has it, too" }]]]);
    const text = drawn({ found, lit: new Set(["front"]), chosen: { kind: "decky", name: "pc" }, ways: [{ source: "192.0.2.7", path: ["front", "pc", "gone"] }] });
    expect(text).toContain('aria-activedescendant="decky-pc"');
    expect(text).toMatch(/id="decky-pc"[^>]*aria-selected="true"[^>]*IP_COLLISION/);
    expect(text).toMatch(/class="decky router lit front"/);
    expect(text).toContain("192.0.2.7: front → pc → gone");
    expect(text.match(/<polyline points="[^" ]+ [^" ]+"/g)?.length).toBe(1);
  });
});

describe("beside the canvas", () => {
  const found = new Map([["rule 1", [{ code: "RULE_UNKNOWN_LAN", warning: false, subject: "rule 1", detail: "no LAN" }]], ["pc", [{ code: "IP_COLLISION", warning: false, subject: "pc", detail: "front has it, too" }]]]);
  const shown = (chosen: Parameters<typeof Inspector>[0]["chosen"], may: boolean, live = false) => renderToStaticMarkup(
    <QueryClientProvider client={queries}>
      <Inspector editing={{ document: DOCUMENT, live, act: may ? () => undefined : undefined }} chosen={chosen} choose={() => undefined} found={found} />
    </QueryClientProvider>,
  );
  test("stands what is wrong with no node, and how a LAN comes", () => {
    const text = shown(null, true);
    expect(text).toContain("RULE_UNKNOWN_LAN");
    expect(text).not.toContain("IP_COLLISION");
    expect(text).toContain("Add the LAN");
    expect(shown(null, false)).not.toContain("<form");
  });
  test("stands a LAN with who leads there, and a decky with its services and addresses", () => {
    expect(shown({ kind: "lan", name: "office" }, true)).toMatch(/Take front out of office/);
    const text = shown({ kind: "decky", name: "pc" }, true);
    expect(text).toContain("IP_COLLISION");
    expect(text).toContain("172.16.1.3");
    expect(text).toContain("It serves nothing.");
  });
  test("what is deployed keeps its name", () => {
    expect(shown({ kind: "decky", name: "pc" }, true, true)).toMatch(/<input disabled=""[^>]*value="pc"|<input[^>]*disabled=""[^>]*value="pc"/);
    expect(shown({ kind: "decky", name: "gone" }, true)).toContain("Add the LAN");
  });
});

test("ways are those within the topology", () => {
  const one = (src_ip: string, path: string[]) => ({ src_ip, path }) as never;
  expect(waysOf("corp", [one("192.0.2.7", ["web", "corp.front", "corp.pc"]), one("192.0.2.8", ["web"]), one("192.0.2.9", ["corp2.front"])])).toEqual([{ source: "192.0.2.7", path: ["front", "pc"] }]);
});

test("ports are read as people write them", () =>
  expect([ports(" 22, 80 443"), ports(""), ports("0"), ports("22 x"), ports("65536")]).toEqual([[22, 80, 443], [], undefined, undefined, undefined]));

test("every change is a sentence", () =>
  expect([
    words({ op: "update_decky", decky: "pc", rename: "desk", services: [{ slug: "ssh" }], forwards: false }),
    words({ op: "update_lan", name: "a", x: 1, y: 2 }),
    words({ op: "attach_decky", decky: "pc", lan: "lab" }),
  ]).toEqual(["pc is called desk; serves ssh; forwards packets no more", "LAN a is drawn elsewhere", "pc joins lab"]));
