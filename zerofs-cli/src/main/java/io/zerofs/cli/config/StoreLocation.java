// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.cli.config;

import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/** The place of a volume's objects. */
public sealed interface StoreLocation {
    /**
     * A bucket.
     *
     * @param prefix without slashes at its ends; empty for the whole bucket
     */
    record S3(String bucket, String prefix) implements StoreLocation {
        @Override
        public String toString() {
            return "s3://" + bucket + "/" + prefix;
        }
    }

    /**
     * A container in Azure Blob Storage.
     *
     * @param prefix without slashes at its ends; empty for the whole container
     */
    record Azure(String container, String prefix) implements StoreLocation {
        @Override
        public String toString() {
            return "azure://" + container + "/" + prefix;
        }
    }

    /** A local directory. */
    record Local(Path directory) implements StoreLocation {
        @Override
        public String toString() {
            return "file://" + directory;
        }
    }

    /** Reads a URL. The exception's message names the fault. */
    static StoreLocation parse(String url) {
        int end = url.indexOf("://");
        if (end < 0) {
            throw new IllegalArgumentException("\"" + url
                    + "\" is not a URL; expected s3://bucket/prefix, azure://container/prefix or file:///path");
        }
        String rest = url.substring(end + "://".length());
        String scheme = url.substring(0, end);
        return switch (scheme) {
            case "s3", "s3a" -> new S3(authority(url, rest, "bucket"), prefix(url, rest));
            case "azure", "az" -> new Azure(authority(url, rest, "container"), prefix(url, rest));
            case "file" -> local(url, rest);
            default -> throw new IllegalArgumentException("\"" + url + "\": " + advice(scheme));
        };
    }

    private static String advice(String scheme) {
        return switch (scheme) {
            case "gs" -> "Google Cloud Storage is not supported; use s3://, azure:// or file://";
            case "abfs", "abfss", "adl" -> "write azure://container/prefix, and storage_account_name in [azure]";
            case "memory" -> "a volume in memory would be lost; use file:///path";
            case "http", "https" -> "write s3://bucket/prefix, and the address as endpoint in [aws]";
            default -> "unknown scheme; expected s3://bucket/prefix, azure://container/prefix or file:///path";
        };
    }

    private static StoreLocation local(String url, String rest) {
        if (!rest.startsWith("/")) {
            throw new IllegalArgumentException("\"" + url + "\": a file URL needs three slashes and an absolute path");
        }
        return new Local(Values.path(decoded(url, rest)).normalize());
    }

    /** Decodes a path, in which {@code %20} is a blank, as in any URL. */
    private static String decoded(String url, String path) {
        String decoded;
        try {
            decoded = URLDecoder.decode(path.replace("+", "%2B"), StandardCharsets.UTF_8);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException("\"" + url + "\": a percent sign of the path is written %25", e);
        }
        if (decoded.indexOf('\uFFFD') >= 0) {
            throw new IllegalArgumentException("\"" + url + "\": the path is not UTF-8 text");
        }
        return decoded;
    }

    private static String authority(String url, String rest, String noun) {
        String name = rest.contains("/") ? rest.substring(0, rest.indexOf('/')) : rest;
        requireNoCredentials(name);
        if (!name.matches("[A-Za-z0-9][A-Za-z0-9._-]*")) {
            throw new IllegalArgumentException("\"" + url + "\" names no valid " + noun);
        }
        return name;
    }

    /** Refuses credentials in a URL. The message does not repeat them. */
    static void requireNoCredentials(String authority) {
        if (authority != null && authority.indexOf('@') >= 0) {
            throw new IllegalArgumentException("credentials do not belong in a URL; they have keys of their own");
        }
    }

    private static String prefix(String url, String rest) {
        String prefix = rest.contains("/") ? rest.substring(rest.indexOf('/')) : "";
        prefix = prefix.replaceAll("^/+|/+$", "");
        if (!prefix.matches("[A-Za-z0-9!_.*'()=+@/-]*") || prefix.contains("//") || hasDotSegment(prefix)) {
            throw new IllegalArgumentException("\"" + url + "\": the prefix may have letters and digits of ASCII and"
                    + " !_.*'()=+@- in segments joined by single slashes");
        }
        return prefix;
    }

    private static boolean hasDotSegment(String prefix) {
        return ("/" + prefix + "/").contains("/../") || ("/" + prefix + "/").contains("/./");
    }
}
