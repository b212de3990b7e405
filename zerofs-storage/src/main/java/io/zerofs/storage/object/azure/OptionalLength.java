// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.object.azure;

import com.azure.core.http.HttpHeaderName;
import com.azure.core.http.HttpMethod;
import com.azure.core.http.HttpPipelineCallContext;
import com.azure.core.http.HttpResponse;
import com.azure.core.http.policy.HttpPipelineSyncPolicy;

/**
 * Allows downloads without {@code Content-Length}, because an answer in chunks has none. The SDK fails without it, although
 * it needs the length only to resume an interrupted download, and we never resume.
 */
final class OptionalLength extends HttpPipelineSyncPolicy {
    @Override
    protected HttpResponse afterReceivedResponse(HttpPipelineCallContext context, HttpResponse response) {
        boolean hasLength = response.getHeaders().getValue(HttpHeaderName.CONTENT_LENGTH) != null;
        if (!hasLength && context.getHttpRequest().getHttpMethod() == HttpMethod.GET) {
            response.getHeaders().set(HttpHeaderName.CONTENT_LENGTH, "0");
        }
        return response;
    }
}
