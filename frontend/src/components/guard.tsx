import { Component, type ReactNode } from 'react';

interface GuardProps {
  /** What could not be shown, for the sentence. */
  what: string;
  children: ReactNode;
}

/** Says which part of the page could not be drawn and why, and leaves the rest alone. */
export class Guard extends Component<GuardProps, { error: Error | null }> {
  override state: { error: Error | null } = { error: null };

  static getDerivedStateFromError(error: unknown): { error: Error } {
    return { error: error instanceof Error ? error : new Error(String(error)) };
  }

  override render(): ReactNode {
    const { error } = this.state;
    if (error === null) return this.props.children;
    return (
      <div role="alert" className="m-3 rounded border border-warn bg-warn-soft p-3 text-sm break-words">
        <p>
          <strong>Could not show {this.props.what}.</strong> {error.message}
        </p>
        <button type="button" className="button mt-2" onClick={() => this.setState({ error: null })}>
          Try again
        </button>
      </div>
    );
  }
}
