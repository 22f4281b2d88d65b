import { z } from 'zod';
import type { StackResources } from '../template/resources.ts';

const resourceSchema = z.object({ RestApiId: z.string(), ParentId: z.string(), PathPart: z.string() });
const methodSchema = z.object({
  RestApiId: z.string(),
  ResourceId: z.string(),
  HttpMethod: z.string(),
  AuthorizationType: z.literal('NONE', 'the local cloud has no authorizers').default('NONE'),
  ApiKeyRequired: z.literal(false, 'the local cloud has no API keys').default(false),
  RequestValidatorId: z.undefined('the local cloud has no request validators').optional(),
  Integration: z.looseObject({
    Type: z.literal('AWS_PROXY', 'the local cloud has Lambda proxy integrations only'),
    Uri: z.string(),
    TimeoutInMillis: z.coerce.number().default(29_000),
  }),
});

/** A method of the API and the function behind it. */
export interface Route {
  readonly resourceId: string;
  /** As the template spells it, such as `/things/{id}`. */
  readonly resourcePath: string;
  readonly method: string;
  readonly functionArn: string;
  readonly timeoutMilliseconds: number;
}

/** A route that a request takes, with the values of its path parameters (decoded), or null without any. */
export interface Match {
  readonly route: Route;
  readonly pathParameters: Readonly<Record<string, string>> | null;
}

const segmentsOf = (path: string): string[] => path.split('/').filter((segment) => segment !== '');

/** How specific a segment of a resource is: the name itself before a parameter, a parameter before a greedy one. */
const RANKS = { static: 0, parameter: 1, greedy: 2 } as const;
const rank = (part: string): number => {
  if (part.endsWith('+}')) return RANKS.greedy;
  return part.startsWith('{') ? RANKS.parameter : RANKS.static;
};

/** The routes of one REST API. Throws on a method that is not a Lambda proxy integration without an authorizer. */
export function readRoutes(resources: StackResources, apiId: string, rootId: string): Route[] {
  const parts = new Map(
    resources
      .ofType('AWS::ApiGateway::Resource', resourceSchema)
      .filter(({ properties }) => properties.RestApiId === apiId)
      .map(({ ref, properties }) => [ref, properties]),
  );
  const pathOf = (id: string): string => {
    const part = parts.get(id);
    return id === rootId || part === undefined ? '' : `${pathOf(part.ParentId)}/${part.PathPart}`;
  };
  return resources
    .ofType('AWS::ApiGateway::Method', methodSchema)
    .filter(({ properties }) => properties.RestApiId === apiId)
    .map(({ logicalId, properties }) => {
      const functionArn = /functions\/(arn:[^/]+)\/invocations$/.exec(properties.Integration.Uri)?.[1];
      if (functionArn === undefined) throw new Error(`${logicalId} has no function: ${properties.Integration.Uri}`);
      return {
        resourceId: properties.ResourceId,
        resourcePath: pathOf(properties.ResourceId) || '/',
        method: properties.HttpMethod,
        functionArn,
        timeoutMilliseconds: properties.Integration.TimeoutInMillis,
      };
    });
}

function parametersOf(pattern: readonly string[], path: readonly string[]): Record<string, string> | undefined {
  const parameters: Record<string, string> = {};
  for (const [index, part] of pattern.entries()) {
    const segment = path[index];
    if (segment === undefined) return undefined;
    if (rank(part) === RANKS.greedy) {
      parameters[part.slice(1, -2)] = path.slice(index).map(decoded).join('/');
      return parameters;
    }
    if (rank(part) === RANKS.parameter) parameters[part.slice(1, -1)] = decoded(segment);
    else if (part !== segment) return undefined;
  }
  return pattern.length === path.length ? parameters : undefined;
}

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}

/**
 * The route of a request. As in API Gateway the most specific resource that has any method takes the path; if it has neither this
 * method nor ANY, there is no route, even where a greedy resource beside it would have one.
 */
export function matchRoute(routes: readonly Route[], method: string, path: string): Match | undefined {
  const segments = segmentsOf(path);
  const candidates = routes.flatMap((route) => {
    const pattern = segmentsOf(route.resourcePath);
    const parameters = parametersOf(pattern, segments);
    return parameters === undefined ? [] : [{ route, parameters, ranks: pattern.map(rank).join('') }];
  });
  candidates.sort((one, other) => (one.ranks < other.ranks ? -1 : one.ranks > other.ranks ? 1 : 0));
  const resourceId = candidates[0]?.route.resourceId;
  const own = candidates.filter(({ route }) => route.resourceId === resourceId);
  const found = own.find(({ route }) => route.method === method) ?? own.find(({ route }) => route.method === 'ANY');
  if (found === undefined) return undefined;
  const { route, parameters } = found;
  return { route, pathParameters: Object.keys(parameters).length === 0 ? null : parameters };
}
