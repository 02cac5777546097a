// Whether the lab was left by a person when this tab had it last, or was taken away by the browser or a crash.

const KEY = 'bioner-lab/visit';
/** A page that dies sooner may have died of what would go on. */
const SETTLED_MS = 20_000;

/** True for a tab that the browser discarded, and for one whose last page ended without leaving. To be asked once, before the lab is claimed. */
export function wasTakenAway(): boolean {
  const wasDiscarded = 'wasDiscarded' in document && document.wasDiscarded === true;
  const notes = tabNotes();
  const wasOpen = notes !== null && notes.getItem(KEY) !== null;
  notes?.removeItem(KEY);
  return wasDiscarded || wasOpen;
}

/** From soon on, and until the page is left, its end is no leaving. */
export function beginVisit(): void {
  const settling = setTimeout(() => tabNotes()?.setItem(KEY, 'open'), SETTLED_MS);
  window.addEventListener('pagehide', () => {
    clearTimeout(settling);
    tabNotes()?.removeItem(KEY);
  });
}

/** What a tab keeps through a crash of its page; null where the browser allows none. */
function tabNotes(): Storage | null {
  try {
    return sessionStorage;
  } catch {
    return null;
  }
}
