// SPDX-License-Identifier: Apache-2.0
// tokens: a text as the tokenizer of a model cuts it. The command line has it under inspect.
#include "app/worker/commands.h"
#include "app/worker/model_argument.h"
#include "app/worker/process_setup.h"
#include "app/worker/text_options.h"
#include "core/base/exit_code.h"
#include "core/base/files.h"
#include "core/base/text.h"

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstdio>
#include <memory>

namespace orrery::worker {

namespace {

struct TokensOptions {
    ModelArgument model;
    std::string prompt, promptFile;
    bool isJson = false;
};

std::string hexOf(const std::string &bytes, const char *separator)
{
    std::string hex;
    for (const char byte : bytes) {
        char digits[3];
        std::snprintf(digits, sizeof digits, "%02x", static_cast<unsigned char>(byte));
        hex += (hex.empty() ? "" : separator) + std::string(digits);
    }
    return hex;
}

/// In one line: control characters as they are written in C; a byte of a longer character is no text.
std::string shownText(const std::string &bytes)
{
    if (!isValidUtf8(bytes)) return "";
    std::string shown;
    for (const char byte : bytes) {
        const auto code = static_cast<unsigned char>(byte);
        if (byte == '\n')
            shown += "\\n";
        else if (byte == '\t')
            shown += "\\t";
        else if (byte == '\\')
            shown += "\\\\";
        else if (code < 0x20 || code == 0x7F)
            shown += "\\x" + hexOf(std::string(1, byte), "");
        else
            shown += byte;
    }
    return '"' + shown + '"';
}

size_t numBytesOf(const std::vector<TokenPiece> &pieces)
{
    size_t sum = 0;
    for (const TokenPiece &piece : pieces) sum += piece.bytes.size();
    return sum;
}

void printJson(const std::vector<TokenPiece> &pieces)
{
    nlohmann::ordered_json json;
    json["tokens"] = nlohmann::ordered_json::array();
    for (const TokenPiece &piece : pieces)
        json["tokens"].push_back(
            {{"id", piece.id}, {"text", sanitizeUtf8(piece.bytes)}, {"bytes", hexOf(piece.bytes, "")}});
    json["num_tokens"] = pieces.size();
    json["num_bytes"] = numBytesOf(pieces);
    printLine(json.dump());
}

void printTable(const std::vector<TokenPiece> &pieces)
{
    std::vector<std::string> hex;
    size_t width = 5;
    for (const TokenPiece &piece : pieces) {
        hex.push_back(hexOf(piece.bytes, " "));
        width = std::max(width, std::min<size_t>(hex.back().size(), 36));
    }
    std::printf("%7s  %7s  %-*s  %s\n", "place", "id", static_cast<int>(width), "bytes", "text");
    for (size_t i = 0; i < pieces.size(); ++i)
        std::printf("%7zu  %7d  %-*s  %s\n", i, pieces[i].id, static_cast<int>(width), hex[i].c_str(),
                    shownText(pieces[i].bytes).c_str());
    const size_t numBytes = numBytesOf(pieces);
    const double perToken =
        pieces.empty() ? 0 : static_cast<double>(numBytes) / static_cast<double>(pieces.size());
    printLine(std::to_string(pieces.size()) + (pieces.size() == 1 ? " token, " : " tokens, ") +
              std::to_string(numBytes) + (numBytes == 1 ? " byte, " : " bytes, ") +
              formatSignificant(perToken, 3) + " bytes/token");
}

Result<std::vector<TokenPiece>> cut(const TokensOptions &options)
{
    std::string text = options.prompt;
    if (!options.promptFile.empty()) {
        ORRERY_ASSIGN(text, readFile(options.promptFile, kMaxPromptBytes));
    }
    ORRERY_ASSIGN(const auto generator, loadModel(options.model));
    return generator->tokenize(text);
}

} // namespace

CommandBody declareTokens(CLI::App &command)
{
    auto options = std::make_shared<TokensOptions>();
    addModelOptions(command, options->model);
    auto *prompt = command.add_option("--prompt", options->prompt, "Text to cut");
    auto *file = command.add_option("--prompt-file", options->promptFile, "File with the text to cut");
    file->excludes(prompt);
    command.add_flag("--json", options->isJson, "One JSON object");
    return [options, prompt, file] {
        const OutputForm form = options->isJson ? OutputForm::Json : OutputForm::Text;
        if (prompt->count() == 0 && file->count() == 0)
            return reportError(Error{ErrorCode::InvalidInput,
                                     "Cannot show tokens: there is no text, expected one.",
                                     "Give it with --prompt TEXT or --prompt-file FILE."},
                               form);
        const auto pieces = cut(*options);
        if (!pieces.ok()) return reportError(pieces.error(), form);
        options->isJson ? printJson(*pieces) : printTable(*pieces);
        return kExitOk;
    };
}

} // namespace orrery::worker
