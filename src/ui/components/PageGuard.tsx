// Keeps a page that cannot be drawn from taking the rest of the lab with it.
import { Component, type ReactNode } from 'react';
import { LabError, type LabErrorData } from '../../util/labError.ts';

interface PageGuardState {
  readonly error: LabErrorData | null;
}

export class PageGuard extends Component<{ readonly children: ReactNode }, PageGuardState> {
  override state: PageGuardState = { error: null };

  static getDerivedStateFromError(error: unknown): PageGuardState {
    return { error: LabError.toData(error) };
  }

  override render(): ReactNode {
    if (this.state.error === null) return this.props.children;
    return (
      <div role="alert">
        <h1>This page cannot be shown</h1>
        <p className="problem">{LabError.describe(this.state.error)}</p>
        <p>What is stored and what is running is not affected.</p>
      </div>
    );
  }
}
