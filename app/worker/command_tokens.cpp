// SPDX-License-Identifier: Apache-2.0
// tokens: a text as the tokenizer of a model cuts it. The command line has it under inspect.
#include "app/worker/commands.h"
#include "app/worker/model_argument.h"
#include "app/worker/process_setup.h"
#include "app/worker/text_options.h"
#include "app/worker/token_output.h"
#include "core/base/exit_code.h"
#include "core/base/text.h"

#include <CLI/CLI.hpp>

#include <memory>

namespace orrery::worker {

namespace {

struct TokensOptions {
    ModelArgument model;
    std::string prompt, promptFile;
    bool isJson = false;
};

Result<std::vector<TokenPiece>> cut(const TokensOptions &options)
{
    std::string text = options.prompt;
    if (!options.promptFile.empty()) {
        ORRERY_ASSIGN(text, readTextFile(options.promptFile, kMaxPromptBytes, TextFileUse::TextOnly));
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
        printLine(options->isJson ? tokensJson(*pieces) : joinText(tokensTable(*pieces), "\n"));
        return kExitOk;
    };
}

} // namespace orrery::worker
