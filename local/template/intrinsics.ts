import { z } from 'zod';
import type { Template } from './assembly.ts';
import { ACCOUNT, type Identity, identityOf, type Place } from './names.ts';

const getAttSchema = z.union([
  z.tuple([z.string(), z.string()]),
  z
    .string()
    .regex(/^[^.]+\..+$/)
    .transform((text): [string, string] => [text.slice(0, text.indexOf('.')), text.slice(text.indexOf('.') + 1)]),
]);
const subSchema = z.union([
  z.string().transform((text): [string, Record<string, unknown>] => [text, {}]),
  z.tuple([z.string(), z.record(z.string(), z.unknown())]),
]);

/** Stands where `AWS::NoValue` does: the property around it is left out. */
const NO_VALUE = Symbol('AWS::NoValue');

/** Resolves CloudFormation's intrinsic functions to the names, ARNs and URLs of the local cloud. */
export class Intrinsics {
  readonly #template: Template;
  readonly #place: Place;

  constructor(template: Template, place: Place) {
    this.#template = template;
    this.#place = place;
  }

  /** The value with every intrinsic function in it replaced. Throws with the function's name on one that is not known here. */
  resolve(value: unknown): unknown {
    const resolved = this.#resolve(value);
    return resolved === NO_VALUE ? undefined : resolved;
  }

  /** The names of a resource of the template. */
  identity(logicalId: string): Identity {
    const resource = this.#template.Resources[logicalId];
    if (resource === undefined) throw new Error(`the template has no resource ${logicalId}`);
    const properties = Object.fromEntries(
      Object.entries(resource.Properties)
        .filter(([name]) => name.endsWith('Name'))
        .map(([name, property]) => [name, this.resolve(property)]),
    );
    const identity = identityOf({ logicalId, type: resource.Type, properties }, this.#place);
    if (identity === undefined) throw new Error(`the local cloud has no names for ${logicalId}, a ${resource.Type}`);
    return identity;
  }

  #resolve(value: unknown): unknown {
    if (Array.isArray(value)) return value.map((item) => this.#resolve(item)).filter((item) => item !== NO_VALUE);
    if (typeof value !== 'object' || value === null) return value;
    const entries = Object.entries(value);
    const [first] = entries;
    if (entries.length === 1 && first !== undefined && (first[0] === 'Ref' || first[0].startsWith('Fn::'))) {
      return this.#call(first[0], first[1]);
    }
    return Object.fromEntries(
      entries.map(([name, item]) => [name, this.#resolve(item)]).filter(([, item]) => item !== NO_VALUE),
    );
  }

  #call(name: string, argument: unknown): unknown {
    switch (name) {
      case 'Ref':
        return this.#ref(z.string().parse(argument));
      case 'Fn::GetAtt':
        return this.#attribute(...getAttSchema.parse(argument));
      case 'Fn::Join': {
        const [separator, items] = z.tuple([z.string(), z.array(z.unknown())]).parse(argument);
        return z.array(z.coerce.string()).parse(this.#resolve(items)).join(separator);
      }
      case 'Fn::Sub': {
        const [text, variables] = subSchema.parse(argument);
        return text
          .replaceAll(/\$\{([^!][^}]*)\}/g, (_, variable: string) => this.#substitute(variable, variables))
          .replaceAll('${!', '${');
      }
      case 'Fn::Select': {
        const [index, items] = z.tuple([z.coerce.number(), z.unknown()]).parse(argument);
        return z.array(z.unknown()).parse(this.#resolve(items))[index];
      }
      case 'Fn::Split': {
        const [separator, text] = z.tuple([z.string(), z.unknown()]).parse(argument);
        return z.string().parse(this.#resolve(text)).split(separator);
      }
      default:
        throw new Error(`the local cloud does not know the intrinsic function ${name}: ${JSON.stringify(argument)}`);
    }
  }

  #substitute(variable: string, variables: Record<string, unknown>): string {
    if (variable in variables) return z.coerce.string().parse(this.#resolve(variables[variable]));
    const value = variable.includes('.') ? this.#attribute(...getAttSchema.parse(variable)) : this.#ref(variable);
    return z.coerce.string().parse(value);
  }

  #attribute(logicalId: string, attribute: string): string {
    const value = this.identity(logicalId).attributes[attribute];
    if (value === undefined)
      throw new Error(`the local cloud does not know the attribute ${attribute} of ${logicalId}`);
    return value;
  }

  #ref(name: string): unknown {
    switch (name) {
      case 'AWS::AccountId':
        return ACCOUNT;
      case 'AWS::Region':
        return this.#place.region;
      case 'AWS::Partition':
        return 'aws';
      case 'AWS::URLSuffix':
        return 'amazonaws.com';
      case 'AWS::StackName':
        return this.#place.stackName;
      case 'AWS::StackId':
        return `arn:aws:cloudformation:${this.#place.region}:${ACCOUNT}:stack/${this.#place.stackName}/local`;
      case 'AWS::NoValue':
        return NO_VALUE;
    }
    const parameter = this.#template.Parameters[name];
    if (parameter === undefined) return this.identity(name).ref;
    if (parameter.Default === undefined) throw new Error(`the template's parameter ${name} has no default`);
    return parameter.Default;
  }
}
