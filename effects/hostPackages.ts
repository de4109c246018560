import { packageKind } from '../core/packageKind';
import { SwarmError } from '../core/errors';
import type { HostFacts } from '../core/facts';
import type { PackageFile, PackageRepository, Packages } from './packages';

/** Packages by the tool that goes with what the host is, which is asked once on each connection. */
export class HostPackages implements Packages {
  private chosen: { readonly generation: number; readonly tool: Promise<Packages> } | undefined;

  constructor(
    private readonly subject: string,
    private readonly tools: Readonly<Record<'deb' | 'rpm', Packages>>,
    private readonly facts: () => Promise<HostFacts>,
    private readonly generation: () => Promise<number>,
  ) {}

  async available(
    name: string,
    options?: { readonly isOptional: boolean },
  ): Promise<readonly string[]> {
    return (await this.tool()).available(name, options);
  }

  async installed(name: string): Promise<string | undefined> {
    return (await this.tool()).installed(name);
  }

  async install(packages: Readonly<Record<string, string | undefined>>): Promise<void> {
    await (await this.tool()).install(packages);
  }

  async fetch(
    packages: Readonly<Record<string, string | undefined>>,
    without: readonly string[],
  ): Promise<void> {
    await (await this.tool()).fetch(packages, without);
  }

  async fetchFiles(files: readonly PackageFile[], without: readonly string[]): Promise<void> {
    await (await this.tool()).fetchFiles(files, without);
  }

  async installFiles(files: readonly PackageFile[]): Promise<void> {
    await (await this.tool()).installFiles(files);
  }

  async remove(...names: readonly string[]): Promise<void> {
    await (await this.tool()).remove(...names);
  }

  async keep(names: readonly string[], directory: string): Promise<void> {
    await (await this.tool()).keep(names, directory);
  }

  async putBack(directory: string): Promise<void> {
    await (await this.tool()).putBack(directory);
  }

  async hold(names: readonly string[]): Promise<void> {
    await (await this.tool()).hold(names);
  }

  async unhold(names: readonly string[]): Promise<void> {
    await (await this.tool()).unhold(names);
  }

  async addRepository(repository: PackageRepository): Promise<void> {
    await (await this.tool()).addRepository(repository);
  }

  async removeRepository(name: string): Promise<void> {
    await (await this.tool()).removeRepository(name);
  }

  async download(url: string): Promise<string> {
    return (await this.tool()).download(url);
  }

  async downloadFile(url: string, path: string, sha256: string): Promise<void> {
    await (await this.tool()).downloadFile(url, path, sha256);
  }

  /** A machine may be another one when it answers again. */
  private async tool(): Promise<Packages> {
    const generation = await this.generation();
    if (this.chosen?.generation !== generation) {
      const tool = this.choose();
      this.chosen = { generation, tool };
      // Failing to look is no answer: the next question looks again.
      tool.catch(() => {
        this.chosen = undefined;
      });
    }
    return this.chosen.tool;
  }

  private async choose(): Promise<Packages> {
    const facts = await this.facts();
    const kind = packageKind(facts);
    if (kind !== undefined) return this.tools[kind];
    throw new SwarmError(
      'PackageToolUnknown',
      `${this.subject}: it runs ${facts.os}, which is no kin of Debian, Fedora or RHEL, so its packages are not known; nothing was installed; install what is needed there yourself, and declare \`preinstalled\` or \`static\` for its engine`,
      { source: 'user' },
    );
  }
}
