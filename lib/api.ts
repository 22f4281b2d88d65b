import { CfnRestApi, EndpointType, LambdaIntegration, RestApi, SecurityPolicy } from 'aws-cdk-lib/aws-apigateway';
import { Construct } from 'constructs';
import type { Deployment } from './deployment.ts';
import type { FileStore } from './file-store.ts';
import { addGatewayResponses, UPLOAD_VIA } from './gateway-responses.ts';
import { acknowledge } from './nag.ts';
import { ServiceFunction } from './service-function.ts';
import type { Storage } from './storage.ts';
import { API } from './topology.ts';
import { allowUpstream } from './upstream.ts';
import type { WorkQueue } from './work-queue.ts';

export interface ApiProps {
  readonly deployment: Deployment;
  readonly storage: Storage;
  readonly fileStore: FileStore;
  readonly chunks: WorkQueue;
}

/** The REST API: the paths of the seeds, each with its function, and one function that answers everything else. */
export class Api extends Construct {
  readonly restApi: RestApi;

  constructor(scope: Construct, id: string, { deployment, storage, fileStore, chunks }: ApiProps) {
    super(scope, id);
    const { stage } = deployment;
    const scheduleBatch = new ServiceFunction(this, 'ScheduleBatch', {
      stage,
      name: 'schedule-batch',
      impactOfErrors: 'clients cannot submit batches as JSON; accepted batches go on.',
    });
    // Chunks of a batch that was not accepted are taken back by BatchWriteItem, too.
    storage.allow(scheduleBatch, 'GetItem', 'PutItem', 'BatchWriteItem');
    chunks.allowSending(scheduleBatch, 'CHUNK_QUEUE_URL');

    const uploadBatch = new ServiceFunction(this, 'UploadBatch', {
      stage,
      name: 'upload-batch',
      impactOfErrors: 'clients cannot submit files as form data; presigned uploads and dropped files go on.',
    });
    storage.allow(uploadBatch, 'GetItem', 'PutItem', 'BatchWriteItem');
    chunks.allowSending(uploadBatch, 'CHUNK_QUEUE_URL');

    const createUpload = new ServiceFunction(this, 'CreateUpload', {
      stage,
      name: 'create-upload',
      impactOfErrors: 'clients get no forms for uploading to S3; forms that they have work until they expire.',
    });
    storage.allow(createUpload, 'GetItem', 'PutItem');
    // It writes nothing itself: a form that it signs carries its rights.
    fileStore.allowWriting(createUpload, 'uploads/');

    const batchStatus = new ServiceFunction(this, 'BatchStatus', {
      stage,
      name: 'batch-status',
      impactOfErrors: 'clients cannot follow their batches, nor read account details; processing goes on.',
    });
    storage.allow(batchStatus, 'GetItem', 'Query');

    const fiRequestStatus = new ServiceFunction(this, 'FiRequestStatus', {
      stage,
      name: 'fi-request-status',
      impactOfErrors: 'clients cannot look up single FI requests; batches go on and can be followed.',
    });
    storage.allow(fiRequestStatus, 'GetItem', 'PutItem', 'UpdateItem');
    allowUpstream(fiRequestStatus, deployment);

    const notFound = new ServiceFunction(this, 'NotFound', {
      stage,
      name: 'not-found',
      impactOfErrors: 'unknown paths and methods are answered 5xx, not 404; the known ones work.',
    });
    // Like every function of the API it looks at the caller's credentials first.
    storage.allow(notFound, 'GetItem');

    this.restApi = new RestApi(this, 'RestApi', {
      restApiName: `bulk-data-fetch-${stage.name}`,
      description: 'Bulk FI requests',
      endpointTypes: [EndpointType.REGIONAL],
      binaryMediaTypes: ['multipart/form-data'],
      // The role that lets API Gateway log is one for the whole account and region, and no stack's own.
      cloudWatchRole: false,
      deployOptions: {
        stageName: stage.name,
        tracingEnabled: true,
        throttlingRateLimit: API.throttling.rate,
        throttlingBurstLimit: API.throttling.burst,
      },
    });
    this.#requireModernTls();
    this.#acknowledgeFindings();
    // The stack names its own outputs.
    this.restApi.node.tryRemoveChild('Endpoint');
    addGatewayResponses(this.restApi);

    this.#route(
      {
        '/v2/schedule/fi/requests': scheduleBatch,
        '/fi/requests/schedule/upload/v3': uploadBatch,
        [UPLOAD_VIA]: createUpload,
        '/bulk/status': batchStatus,
        '/consent/firequest/status': fiRequestStatus,
      },
      notFound,
    );
  }

  /** TLS 1.2 or 1.3 with forward secrecy, for the host that the client has named; API Gateway's own default takes TLS 1.0. */
  #requireModernTls(): void {
    const { defaultChild } = this.restApi.node;
    if (!CfnRestApi.isCfnRestApi(defaultChild)) throw new Error('a REST API is made of something else now');
    defaultChild.securityPolicy = SecurityPolicy.TLS13_1_2_PFS_PQ_2025_09;
    defaultChild.endpointAccessMode = 'STRICT';
  }

  #acknowledgeFindings(): void {
    const noLogRole =
      'Logs of API Gateway need a role that is set for the whole account and belongs to no stack. Every function of the API logs who called, ' +
      'with txnid, status and error code; what the gateway answers itself is in its metrics and traces.';
    acknowledge(this.restApi, 'APIG1', noLogRole);
    acknowledge(this.restApi, 'APIG6', noLogRole);
    acknowledge(
      this.restApi,
      'APIG2',
      "Requests are validated in the functions, so that errors are in the API's envelope.",
    );
    const ownAuthentication =
      'Clients authenticate by the headers of the seeds. The one wrapper that every function of the API is made with checks them first, ' +
      'since a 401 has to be in the envelope and to name the missing header.';
    acknowledge(this.restApi, 'APIG4', ownAuthentication);
    acknowledge(this.restApi, 'COG4', ownAuthentication);
  }

  /** Routes POST of each path to its function, and all other methods and paths to `notFound`. */
  #route(routes: Readonly<Record<string, ServiceFunction>>, notFound: ServiceFunction): void {
    // One permission for the whole API: one a route would be a dozen statements that say the same.
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
