// SPDX-License-Identifier: Apache-2.0
#include "core/nn/torch_guard.h"

#include "core/base/log.h"
#include "core/nn/plugin_failure.h"
#include "core/nn/setting_error.h"

#include <c10/util/Exception.h>

#include <new>

namespace orrery::nn {
namespace {

Error outOfMemory(std::string_view action, const std::string &detail)
{
    return {
        ErrorCode::OutOfMemory, "Cannot " + std::string(action) + ": memory ran out (" + detail + ").",
        "Lower train.batch_size and raise train.accumulation by the same factor, or use a smaller model."};
}

/// First line only: the rest is torch's own source positions.
std::string firstLine(std::string text)
{
    if (const size_t end = text.find('\n'); end != std::string::npos) text.resize(end);
    return text;
}

} // namespace

Error errorFromTorch(std::string_view action, std::exception_ptr exception)
{
    try {
        std::rethrow_exception(exception);
    } catch (const c10::OutOfMemoryError &error) {
        return outOfMemory(action, firstLine(error.what_without_backtrace()));
    } catch (const c10::Error &error) {
        const std::string text = error.what_without_backtrace();
        // The CPU allocator throws the general type; only its text tells.
        if (text.find("can't allocate memory") != std::string::npos)
            return outOfMemory(action, firstLine(text));
        logError("torch, while trying to " + std::string(action) + ": " + error.what());
        return {ErrorCode::Internal, "Cannot " + std::string(action) + ": " + firstLine(text) + ".", ""};
    } catch (const std::bad_alloc &) {
        return outOfMemory(action, "std::bad_alloc");
    } catch (const SettingError &error) {
        return {ErrorCode::InvalidInput,
                "Cannot " + std::string(action) + ": " + firstLine(error.what()) + ".",
                "Change that setting; orrery-engine plugins show lists them."};
    } catch (const PluginFailure &failure) {
        return {ErrorCode::Unavailable,
                "Cannot " + std::string(action) + ": " + firstLine(failure.what()) + ".",
                "Ask the plugin's author, or run without it."};
    } catch (const std::exception &error) {
        logError("while trying to " + std::string(action) + ": " + error.what());
        return {ErrorCode::Internal, "Cannot " + std::string(action) + ": " + firstLine(error.what()) + ".",
                ""};
    } catch (...) {
        return {ErrorCode::Internal,
                "Cannot " + std::string(action) + ": something was thrown that is no exception.", ""};
    }
}

} // namespace orrery::nn
