import type { components, paths } from "./schema";
import { session } from "./session";

/** Bodies by the names of the OpenAPI document. */
export type Body = components["schemas"];

type Method = "get" | "post" | "put" | "patch" | "delete";
type Has<M extends Method> = { [P in keyof paths]: paths[P] extends Record<M, { responses: unknown }> ? P : never }[keyof paths];
type Operation<P extends keyof paths, M extends Method> = paths[P] extends Record<M, infer O> ? O : never;
type Content<T> = T extends { content: infer C } ? C[keyof C] : never;
type Success<O> = O extends { responses: infer R }
  ? Content<R[Extract<keyof R, 200 | 201 | 202 | 204>]>
  : never;
type Sent<O> = O extends { requestBody: infer B } ? Content<B> : O extends { requestBody?: infer B } ? Content<B> : never;

/** What a GET of `P` answers. */
export type Answer<P extends Has<"get">> = Success<Operation<P, "get">>;
/** Paths that can be read. */
export type Readable = Has<"get">;

export interface Given {
  path?: Record<string, string>;
  query?: Record<string, string | number | boolean | undefined>;
  signal?: AbortSignal;
}

/** An answer that is an error, as RFC 9457 tells it. */
export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly kind: string,
    title: string,
    readonly errors: { field: string; message: string }[] = [],
  ) {
    super(title);
  }
}

export async function get<P extends Has<"get">>(path: P, given: Given = {}): Promise<Answer<P>> {
  return (await send("GET", path, given)).json() as Promise<Answer<P>>;
}

export async function call<M extends Exclude<Method, "get">, P extends Has<M>>(
  method: M,
  path: P,
  given: Given & { body?: Sent<Operation<P, M>> } = {},
): Promise<Success<Operation<P, M>>> {
  const answer = await send(method.toUpperCase(), path, given, given.body);
  const text = await answer.text();
  return (text ? JSON.parse(text) : undefined) as Success<Operation<P, M>>;
}

/** Hands a file in as it is; everything else about it stands in the query. */
export async function handIn<P extends Has<"post">>(path: P, type: string, file: Blob, given: Given = {}): Promise<Success<Operation<P, "post">>> {
  const answer = await send("POST", path, given, new Blob([file], { type }));
  return answer.json() as Promise<Success<Operation<P, "post">>>;
}

/** Sends a request; the answer is a good one. Without a valid token, the login ends. */
export async function send(method: string, path: string, given: Given = {}, body?: unknown): Promise<Response> {
  const headers = new Headers();
  const token = session.get()?.token;
  if (token) headers.set("Authorization", `Bearer ${token}`);
  const raw = body instanceof Blob;
  if (body !== undefined) headers.set("Content-Type", raw ? body.type : "application/json");
  const answer = await fetch(address(path, given), {
    method,
    headers,
    body: body === undefined ? null : raw ? body : JSON.stringify(body),
    signal: given.signal ?? null,
    credentials: "same-origin",
  });
  if (answer.ok) return answer;
  const problem = await read(answer);
  if (answer.status === 401 && token) session.end();
  throw problem;
}

export function address(path: string, { path: parts = {}, query = {} }: Given): string {
  const filled = path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(parts[name] ?? ""));
  const given = Object.entries(query).filter(([, value]) => value !== undefined && value !== "");
  const text = new URLSearchParams(given.map(([name, value]) => [name, String(value)])).toString();
  return text ? `${filled}?${text}` : filled;
}

async function read(answer: Response): Promise<Problem> {
  try {
    const body = (await answer.json()) as Partial<Body["ProblemBody"]>;
    return new Problem(answer.status, body.type ?? "", body.title ?? answer.statusText, body.errors ?? []);
  } catch {
    return new Problem(answer.status, "", answer.statusText || `answer ${answer.status}`);
  }
}
