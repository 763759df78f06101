// SPDX-License-Identifier: Apache-2.0
// What CLI11 lets through and should not, of the worker's options and of what is asked of a host. Any thread.
#pragma once

#include <CLI/CLI.hpp>

#include <cerrno>
#include <cstdlib>
#include <string>

namespace orrery::worker {

/// CLI11 takes the nearest that fits for a number of more than 64 bits. What is no number it refuses.
inline CLI::Validator fittingNumber(bool isSigned)
{
    return {[isSigned](std::string &text) -> std::string {
                errno = 0; // as CLI11 reads it
                if (isSigned)
                    (void)std::strtoll(text.c_str(), nullptr, 0);
                else
                    (void)std::strtoull(text.c_str(), nullptr, 0);
                if (errno != ERANGE) return {};
                return text + " does not fit, expected a whole number of at most 19 digits";
            },
            ""};
}

/// Of all whole numbers among the options of a command line and of its commands, before it is parsed.
inline void refuseWhatDoesNotFit(CLI::App &commandLine)
{
    for (CLI::Option *option : commandLine.get_options({})) {
        const std::string type = option->get_type_name();
        const bool isSigned = type.starts_with("INT");
        if (isSigned || type.starts_with("UINT")) option->check(fittingNumber(isSigned));
    }
    for (CLI::App *command : commandLine.get_subcommands({})) refuseWhatDoesNotFit(*command);
}

/// An empty name is a mistake, such as a variable of the shell that is not set; it does not mean "none".
/// @param other what does mean it
inline CLI::Validator namedFile(const std::string &other)
{
    return {[other](std::string &text) {
                return text.empty() ? "\"\" is no file, expected its path; " + other : std::string();
            },
            ""};
}

} // namespace orrery::worker
