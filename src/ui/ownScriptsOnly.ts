// The only Trusted Types policy of the page: addresses of scripts must be the lab's own, and no text becomes HTML or script at all.

interface TrustedTypes {
  createPolicy(name: 'default', rules: { createScriptURL(address: string): string }): unknown;
}

/** Throws TypeError, later, where a Worker is opened from another origin. Without effect where a browser has no Trusted Types. */
export function ownScriptsOnly(): void {
  const { trustedTypes } = window as { trustedTypes?: TrustedTypes };
  trustedTypes?.createPolicy('default', {
    createScriptURL(address) {
      const { origin } = new URL(address, document.baseURI);
      if (origin === window.location.origin) return address;
      throw new TypeError(`Scripts come from ${window.location.origin} alone, not from ${origin}.`);
    },
  });
}
