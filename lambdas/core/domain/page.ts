/** Where a page lies among `total` records, in the words of the seed (bulk status, `pagination`). */
export interface Pagination {
  readonly page: number;
  readonly limit: number;
  readonly total: number;
  readonly total_pages: number;
  readonly has_next: boolean;
  readonly has_prev: boolean;
}

export function paginate(page: number, limit: number, total: number): Pagination {
  const pages = Math.ceil(total / limit);
  return {
    page,
    limit,
    total,
    total_pages: pages,
    has_next: page < pages,
    has_prev: page > 1 && pages > 0,
  };
}

/** The items of a page; none when it lies beyond the last. */
export const sliceOfPage = <T>(items: readonly T[], page: number, limit: number): T[] =>
  items.slice((page - 1) * limit, page * limit);
