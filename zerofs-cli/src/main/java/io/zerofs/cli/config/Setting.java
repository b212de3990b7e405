// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.cli.config;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * Describes the key of a record component. Its name is the component's name in snake_case. The loader and the reference
 * documentation use this.
 */
@Target(ElementType.RECORD_COMPONENT)
@Retention(RetentionPolicy.RUNTIME)
@interface Setting {
    /** Returns the meaning of the key for the reference page. */
    String value();

    /** Returns the default as written in TOML. If it is empty, the key is required unless its type is Optional. */
    String byDefault() default "";

    /** Returns another accepted name. */
    String also() default "";

    /** Returns the smallest value of a number. */
    double min() default Double.NEGATIVE_INFINITY;

    /** Returns the largest value of a number. */
    double max() default Double.POSITIVE_INFINITY;
}
