import { CfnRestApi, EndpointType, LambdaIntegration, RestApi, SecurityPolicy } from 'aws-cdk-lib/aws-apigateway';
import { Construct } from 'constructs';
import type { Deployment } from './deployment.ts';
import type { FileStore } from './file-store.ts';
import { addGatewayResponses, PRESIGN_PATH } from './gateway-responses.ts';
import { suppressNag } from './nag.ts';
import { ServiceFunction } from './service-function.ts';
import type { Storage } from './storage.ts';
import { API } from './topology.ts';
import { grantUpstream } from './upstream.ts';
import type { WorkQueue } from './work-queue.ts';

export interface ApiProps {
  readonly deployment: Deployment;
  readonly storage: Storage;
  readonly fileStore: FileStore;
  readonly chunks: WorkQueue;
}

/** The REST API: the paths of `docs/spec/`, each with its function, and one function that answers everything else. */
export class Api extends Construct {
  readonly restApi: RestApi;

  constructor(scope: Construct, id: string, { deployment, storage, fileStore, chunks }: ApiProps) {
    super(scope, id);
    const { stage } = deployment;
    const scheduleBatch = new ServiceFunction(this, 'ScheduleBatch', {
      stage,
      name: 'schedule-batch',
      impactOfErrors: "clients can't submit batches as JSON; accepted batches aren't affected.",
    });
    // BatchWriteItem also deletes the chunks of a batch that wasn't accepted.
    storage.grant(scheduleBatch, 'GetItem', 'PutItem', 'BatchWriteItem');
    chunks.grantSend(scheduleBatch, 'CHUNK_QUEUE_URL');

    const uploadBatch = new ServiceFunction(this, 'UploadBatch', {
      stage,
      name: 'upload-batch',
      impactOfErrors: "clients can't submit files as form data; presigned uploads and dropped files still work.",
    });
    storage.grant(uploadBatch, 'GetItem', 'PutItem', 'BatchWriteItem');
    chunks.grantSend(uploadBatch, 'CHUNK_QUEUE_URL');

    const createUpload = new ServiceFunction(this, 'CreateUpload', {
      stage,
      name: 'create-upload',
      impactOfErrors: 'clients get no forms for uploading to S3; forms already issued work until they expire.',
    });
    storage.grant(createUpload, 'GetItem', 'PutItem');
    // It writes nothing itself: a form that it signs carries its permissions.
    fileStore.grantWrite(createUpload, 'uploads/');

    const batchStatus = new ServiceFunction(this, 'BatchStatus', {
      stage,
      name: 'batch-status',
      impactOfErrors: "clients can't follow their batches or read account details; processing continues.",
    });
    storage.grant(batchStatus, 'GetItem', 'Query');

    const fiRequestStatus = new ServiceFunction(this, 'FiRequestStatus', {
      stage,
      name: 'fi-request-status',
      impactOfErrors: "clients can't look up single FI requests; batches continue and can be followed.",
    });
    storage.grant(fiRequestStatus, 'GetItem', 'PutItem', 'UpdateItem');
    grantUpstream(fiRequestStatus, deployment);

    const notFound = new ServiceFunction(this, 'NotFound', {
      stage,
      name: 'not-found',
      impactOfErrors: 'unknown paths and methods get 5xx instead of 404; known ones work.',
    });
    // Whatever is called, its caller's credentials are checked first.
    for (const one of [scheduleBatch, uploadBatch, createUpload, batchStatus, fiRequestStatus, notFound]) {
      storage.grantCallers(one);
    }

    this.restApi = new RestApi(this, 'RestApi', {
      restApiName: `bulk-data-fetch-${stage.name}`,
      description: 'Bulk FI requests',
      endpointTypes: [EndpointType.REGIONAL],
      // Functions get these byte for byte (API Gateway, "Binary media types for REST APIs"). As text, what isn't UTF-8 would
      // come changed, and a packed body not at all.
      binaryMediaTypes: ['multipart/form-data', 'application/json'],
      // The role that lets API Gateway log is set once per account and region, not by a stack.
      cloudWatchRole: false,
      deployOptions: {
        stageName: stage.name,
        tracingEnabled: true,
        throttlingRateLimit: API.throttling.rate,
        throttlingBurstLimit: API.throttling.burst,
      },
    });
    this.#requireModernTls();
    this.#suppressFindings();
    // The stack defines its own outputs.
    this.restApi.node.tryRemoveChild('Endpoint');
    addGatewayResponses(this.restApi);

    this.#route(
      {
        '/v2/schedule/fi/requests': scheduleBatch,
        '/fi/requests/schedule/upload/v3': uploadBatch,
        [PRESIGN_PATH]: createUpload,
        '/bulk/status': batchStatus,
        '/consent/firequest/status': fiRequestStatus,
      },
      notFound,
    );
  }

  /** TLS 1.2 or 1.3 with forward secrecy, and only for the host name of the request. API Gateway's default accepts TLS 1.0. */
  #requireModernTls(): void {
    const { defaultChild } = this.restApi.node;
    if (!CfnRestApi.isCfnRestApi(defaultChild)) throw new Error('the REST API has no CfnRestApi: has the CDK changed?');
    defaultChild.securityPolicy = SecurityPolicy.TLS13_1_2_PFS_PQ_2025_09;
    defaultChild.endpointAccessMode = 'STRICT';
  }

  #suppressFindings(): void {
    const noLogRole =
      'API Gateway logs through a role that is set for the whole account and belongs to no stack. Every function of the API logs who called, ' +
      'with txnid, status and error code; what the gateway answers itself is in its metrics and traces.';
    suppressNag(this.restApi, 'APIG1', noLogRole);
    suppressNag(this.restApi, 'APIG6', noLogRole);
    suppressNag(this.restApi, 'APIG2', "The functions validate requests, so that errors come in the API's envelope.");
    const ownAuthentication =
      'Clients authenticate by headers (docs/spec/overview.md). The wrapper of every function of the API checks them first, ' +
      'because a 401 must come in the envelope and name the missing header.';
    suppressNag(this.restApi, 'APIG4', ownAuthentication);
    suppressNag(this.restApi, 'COG4', ownAuthentication);
  }

  /** Routes POST of each path to its function, and all other methods and paths to `notFound`. */
  #route(routes: Readonly<Record<string, ServiceFunction>>, notFound: ServiceFunction): void {
    // One permission for the whole API: one per route would be a dozen statements that say the same.
    const elsewhere = new LambdaIntegration(notFound.lambda, { scopePermissionToMethod: false });
    const { root } = this.restApi;
    for (const [path, target] of Object.entries(routes)) {
      const resource = root.resourceForPath(path);
      resource.addMethod('POST', new LambdaIntegration(target.lambda, { allowTestInvoke: false }));
      resource.addMethod('ANY', elsewhere);
    }
    root.addMethod('ANY', elsewhere);
    root.addProxy({ anyMethod: true, defaultIntegration: elsewhere });
  }
}
