// SPDX-License-Identifier: Apache-2.0
#include "core/rpc/protocol_version.h"

namespace orrery {

namespace {

/// Hosts from before the numbers were told speak the first protocol.
uint32_t majorOf(const HostDescription &host) { return host.protocolMajor == 0 ? 1 : host.protocolMajor; }

} // namespace

Result<void> checkProtocol(const HostDescription &host, const std::string &label)
{
    const uint32_t theirs = majorOf(host);
    if (theirs == kProtocolMajor) return {};
    const bool isHostOlder = theirs < kProtocolMajor;
    const std::string version = host.version.empty() ? "an unknown version" : "version " + host.version;
    return Error{ErrorCode::Conflict,
                 "Cannot work with the host \"" + label + "\" (" + version + "): it speaks protocol " +
                     std::to_string(theirs) + ", expected " + std::to_string(kProtocolMajor) + "; the " +
                     (isHostOlder ? "host is the older side." : "program here is the older side."),
                 isHostOlder ? "Update Orrery on the host's machine and start its host again."
                             : "Update Orrery on this machine."};
}

Result<void> checkProtocolMinor(const HostDescription &host, uint32_t minor, const std::string &label, const std::string &what)
{
    const uint32_t theirs = host.protocolMajor == 0 ? 0 : host.protocolMinor;
    if (theirs >= minor) return {};
    return Error{ErrorCode::Unavailable,
                 what + ": the host \"" + label + "\" speaks protocol " + std::to_string(majorOf(host)) + "." + std::to_string(theirs) +
                     ", expected " + std::to_string(kProtocolMajor) + "." + std::to_string(minor) + " or newer.",
                 "Update Orrery on its machine and start its host again, or run the command there."};
}

std::string protocolNote(const HostDescription &host, const std::string &label)
{
    const uint32_t minor = host.protocolMajor == 0 ? 0 : host.protocolMinor;
    if (minor == kProtocolMinor) return {};
    const std::string versions = "protocol " + std::to_string(majorOf(host)) + "." + std::to_string(minor) + " there, " +
                                 std::to_string(kProtocolMajor) + "." + std::to_string(kProtocolMinor) + " here";
    if (minor < kProtocolMinor)
        return "The host \"" + label + "\" is older than this program (" + versions +
               "): what it does not know yet is refused by it. Update Orrery on its machine.";
    return "The host \"" + label + "\" is newer than this program (" + versions +
           "): what is new there is not seen here. Update Orrery on this machine.";
}

} // namespace orrery
