import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Whole clouds take a minute each, and the fault simulation some: begun last, one of them would run beside an idle processor. */
const LONG = ['/end-to-end/', '/fault-simulation/', '/local/'];

const placeOf = ({ moduleId }: TestSpecification): number => {
  const place = LONG.findIndex((folder) => moduleId.includes(folder));
  return place < 0 ? LONG.length : place;
};

/** Vitest's order of test files, but for those that are known to take long: they come first, also where no earlier run says so. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    return (await super.sort(files)).toSorted((a, b) => placeOf(a) - placeOf(b));
  }
}
