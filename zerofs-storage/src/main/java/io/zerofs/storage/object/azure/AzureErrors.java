// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.object.azure;

import com.azure.core.exception.ClientAuthenticationException;
import com.azure.core.http.HttpHeaderName;
import com.azure.storage.blob.models.BlobErrorCode;
import com.azure.storage.blob.models.BlobStorageException;
import io.zerofs.storage.object.HttpErrors;
import io.zerofs.storage.object.ObjectStoreException;
import io.zerofs.storage.object.ObjectStoreException.Refusal;
import io.zerofs.storage.object.StoreWords;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeoutException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Translates failures of Azure and its SDK to the caller's next step, with a sentence for the operator. */
final class AzureErrors extends HttpErrors {
    static final HttpHeaderName REQUEST_ID = HttpHeaderName.fromString("x-ms-request-id");
    private static final Pattern MESSAGE = Pattern.compile("<Message>([^<\\n]*)");

    /** Status codes that prove something about an object, so the answer must be the store's own. */
    private static final Set<Integer> CONCLUSIVE =
            Set.of(NOT_FOUND, CONFLICT, PRECONDITION_FAILED, RANGE_NOT_SATISFIABLE);

    private static final Set<BlobErrorCode> NO_CONTAINER =
            Set.of(BlobErrorCode.CONTAINER_NOT_FOUND, BlobErrorCode.CONTAINER_DISABLED);

    private final String container;

    /** @param place the store, for messages */
    AzureErrors(String place, String container) {
        super(place);
        this.container = container;
    }

    /**
     * Translates a failed request. The SDK throws exceptions of many types, all of them unchecked.
     *
     * @param put whether it was a PUT: if the store may have applied it, the outcome is unknown
     */
    ObjectStoreException translate(String what, boolean put, RuntimeException e) {
        return e instanceof BlobStorageException answer ? answered(what, put, answer) : unanswered(what, put, e);
    }

    /** Returns whether the answer has a code of Azure, or a header that only Azure sends. */
    static boolean isOfTheStore(BlobStorageException e) {
        return e.getErrorCode() != null || headerOf(e, REQUEST_ID).isPresent();
    }

    private static Optional<String> headerOf(BlobStorageException e, HttpHeaderName name) {
        return Optional.ofNullable(e.getResponse()).map(answer -> answer.getHeaderValue(name));
    }

    private ObjectStoreException answered(String what, boolean put, BlobStorageException e) {
        int status = e.getStatusCode();
        BlobErrorCode code = e.getErrorCode();
        if (status < BAD_REQUEST || !isOfTheStore(e) && CONCLUSIVE.contains(status)) {
            return notOfTheStore(what, put, e);
        }
        if (status == TOO_MANY_REQUESTS || BlobErrorCode.SERVER_BUSY.equals(code)) {
            return throttled(what, e);
        }
        if (status >= 500 || BlobErrorCode.CONTAINER_BEING_DELETED.equals(code)) {
            return storeFailed(what, put, e);
        }
        if (status == NOT_FOUND && (code == null || !NO_CONTAINER.contains(code))) {
            return noSuchObject(what, e);
        }
        if (status == RANGE_NOT_SATISFIABLE) {
            return truncated(what, e);
        }
        return refused(refusalOf(code, e), what, advice(status, code, e), e);
    }

    private static Refusal refusalOf(BlobErrorCode code, BlobStorageException e) {
        if (code != null && NO_CONTAINER.contains(code)) {
            return Refusal.BUCKET;
        }
        if (BlobErrorCode.AUTHENTICATION_FAILED.equals(code)) {
            return isAboutTheClock(e) ? Refusal.CLOCK : Refusal.CREDENTIALS;
        }
        return Refusal.OTHER;
    }

    /** Returns whether the clock and not the key is wrong, as the details of AuthenticationFailed show. */
    private static boolean isAboutTheClock(BlobStorageException e) {
        return String.valueOf(e.getMessage()).contains("Request date header too old");
    }

    private String advice(int status, BlobErrorCode code, BlobStorageException e) {
        if (code != null && NO_CONTAINER.contains(code)) {
            return "the container " + container + " does not exist";
        }
        if (BlobErrorCode.AUTHENTICATION_FAILED.equals(code)) {
            return isAboutTheClock(e)
                    ? "the clock of this machine differs too much from the store's; set the clock, for instance with NTP"
                    : "the credentials are wrong; check storage_account_name and storage_account_key in [azure], and"
                            + " the clock of this machine";
        }
        if (BlobErrorCode.ACCOUNT_IS_DISABLED.equals(code)) {
            return "the storage account is disabled";
        }
        if (BlobErrorCode.LEASE_ID_MISSING.equals(code)) {
            return "another program holds a lease on the object";
        }
        if (BlobErrorCode.BLOB_IMMUTABLE_DUE_TO_POLICY.equals(code)) {
            return "a policy of the container forbids to change or delete objects";
        }
        return status == FORBIDDEN || status == UNAUTHORIZED
                ? "access is denied; check storage_account_name and storage_account_key in [azure], and that they may read,"
                        + " write, list and delete blobs in " + container
                : "the store refuses the request";
    }

    private ObjectStoreException unanswered(String what, boolean put, RuntimeException e) {
        if (has(e, ClientAuthenticationException.class)) {
            String text =
                    "there are no credentials; set storage_account_key in [azure], or provide them as for the Azure"
                            + " tools";
            return refused(Refusal.CREDENTIALS, what, text, e);
        }
        return unanswered(what, put, e, TimeoutException.class, InterruptedException.class);
    }

    @Override
    protected String details(RuntimeException e) {
        if (!(e instanceof BlobStorageException answer)) {
            return "";
        }
        BlobErrorCode code = answer.getErrorCode();
        // The details after the first line may quote the signed request.
        Matcher words = MESSAGE.matcher(String.valueOf(answer.getServiceMessage()));
        String says = code == null
                ? headerOf(answer, HttpHeaderName.CONTENT_TYPE).orElse("")
                : StoreWords.appended(code.toString(), words.find() ? words.group(1) : "");
        return " (" + (answer.getStatusCode() + " " + says).strip() + ")";
    }
}
