// SPDX-License-Identifier: Apache-2.0
// Which protocol a program speaks. The same major number is required; within one, a newer side only knows more.
// Any thread.
#pragma once

#include "core/rpc/values.h"

namespace orrery {

/// Raised when a message or method changes its meaning, or one goes: then older programs must be turned away.
inline constexpr uint32_t kProtocolMajor = 1;
/// Raised when something is added.
inline constexpr uint32_t kProtocolMinor = 6;

/// @param label what the host is called  @error Conflict: the majors differ; says which side is older and what to do
Result<void> checkProtocol(const HostDescription &host, const std::string &label);
/// @param minor with which it came what is asked for  @param what "Cannot pin the memory of \"x\"", for the error
/// @error Unavailable: the host is older
Result<void> checkProtocolMinor(const HostDescription &host, uint32_t minor, const std::string &label, const std::string &what);
inline constexpr uint32_t kMemoryFilesMinor = 5; ///< MemoryEdit::file
inline constexpr uint32_t kLookFilesMinor = 6;   ///< a Load that stands first in InspectRequest::memoryEdits
/// A sentence when host and program differ in what one can ask of the other; empty when they do not.
std::string protocolNote(const HostDescription &host, const std::string &label);

} // namespace orrery
