/** Who is logged in, in this tab: gone when the tab is. */
export interface Login {
  token: string;
  user: string;
  role: string;
  /** How it began: `password`, `link` or `oidc`. */
  kind?: string;
  expires_at: string;
  /** Whether nothing goes on before the password is changed. */
  password_change_required?: boolean;
}

const NAME = "decnet.login";
const listeners = new Set<() => void>();

export const session = {
  get(): Login | null {
    try {
      const login = JSON.parse(sessionStorage.getItem(NAME) ?? "null") as Login | null;
      return login && Date.parse(login.expires_at) > Date.now() ? login : null;
    } catch {
      return null;
    }
  },
  begin(login: Login): void {
    sessionStorage.setItem(NAME, JSON.stringify(login));
  },
  /** Forgets the login and tells the router. */
  end(): void {
    sessionStorage.removeItem(NAME);
    for (const listener of listeners) listener();
  },
  onEnd(listener: () => void): void {
    listeners.add(listener);
  },
};
