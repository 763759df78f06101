// SPDX-License-Identifier: Apache-2.0
// The one way a function says that it could not do its work for a reason outside the code. Values; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>

namespace orrery {

enum class ErrorCode : uint8_t {
    Unknown,      ///< never made by us: what an unreadable message from outside becomes
    InvalidInput, ///< a value, file or argument breaks a rule
    NotFound,
    Conflict, ///< somebody else owns it, or it is in a state that forbids the request
    Io,       ///< disk, network or permission
    OutOfMemory,
    Cancelled,
    Unavailable, ///< may work later or on another machine (no GPU, engine gone)
    Internal,    ///< our defect
    NonFinite,   ///< loss or gradient became NaN or infinite; training stopped before the update
};

/// Message: what could not be done to what, what was found, what was expected. Hint: the next step.
struct Error {
    ErrorCode code = ErrorCode::Internal;
    std::string message;
    std::string hint;
    /// A write found no room and was given up: it may be tried again when there is some. Never set by a failed fsync,
    /// which is final. Stays in this process.
    bool isDiskFull = false;

    /// Message and hint in one line, as shown in logs and terminals.
    [[nodiscard]] std::string text() const { return hint.empty() ? message : message + " " + hint; }
};

/// Lower-case name that crosses files and terminals ("invalid_input").
const char *errorCodeName(ErrorCode code);

template <typename T = void> class [[nodiscard]] Result {
public:
    Result(T value) : m_state(std::in_place_index<0>, std::move(value)) {}
    Result(Error error) : m_state(std::in_place_index<1>, std::move(error)) {}

    [[nodiscard]] bool ok() const { return m_state.index() == 0; }
    explicit operator bool() const { return ok(); }
    [[nodiscard]] const T &value() const & { return std::get<0>(m_state); }
    [[nodiscard]] T &value() & { return std::get<0>(m_state); }
    [[nodiscard]] T &&value() && { return std::get<0>(std::move(m_state)); }
    const T &operator*() const & { return value(); }
    T &operator*() & { return value(); }
    T &&operator*() && { return std::move(*this).value(); }
    const T *operator->() const { return &value(); }
    T *operator->() { return &value(); }
    [[nodiscard]] const Error &error() const & { return std::get<1>(m_state); }
    [[nodiscard]] Error &&error() && { return std::get<1>(std::move(m_state)); }

private:
    std::variant<T, Error> m_state;
};

template <> class [[nodiscard]] Result<void> {
public:
    Result() = default;
    Result(Error error) : m_error(std::move(error)) {}

    [[nodiscard]] bool ok() const { return !m_error.has_value(); }
    explicit operator bool() const { return ok(); }
    [[nodiscard]] const Error &error() const & { return *m_error; }
    [[nodiscard]] Error &&error() && { return std::move(*m_error); }

private:
    std::optional<Error> m_error;
};

} // namespace orrery

/// Returns the error of a Result-valued expression to the caller, else goes on.
#define ORRERY_TRY(expression)                                                                               \
    do {                                                                                                     \
        if (auto orreryTryResult = (expression); !orreryTryResult.ok())                                      \
            return std::move(orreryTryResult).error();                                                       \
    } while (false)

#define ORRERY_CONCAT_IMPL(a, b) a##b
#define ORRERY_CONCAT(a, b) ORRERY_CONCAT_IMPL(a, b)

/// Declares `target` from a Result-valued expression, or returns its error: ORRERY_ASSIGN(auto file, openFile(path));
#define ORRERY_ASSIGN(target, expression)                                                                    \
    auto ORRERY_CONCAT(orreryResult, __LINE__) = (expression);                                               \
    if (!ORRERY_CONCAT(orreryResult, __LINE__).ok())                                                         \
        return std::move(ORRERY_CONCAT(orreryResult, __LINE__)).error();                                     \
    target = std::move(ORRERY_CONCAT(orreryResult, __LINE__)).value()
