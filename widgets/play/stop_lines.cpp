// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/play/stop_lines.h"

#include "widgets/common/number_text.h"

#include <QCoreApplication>

#include <array>
#include <utility>

using namespace Qt::StringLiterals;

namespace orrery::ui {
namespace {

class Texts {
    Q_DECLARE_TR_FUNCTIONS(StopLines)
};

constexpr size_t kMaxTexts = 16, kMaxBytes = 256; // as the engine has them
constexpr std::array<std::pair<char, char>, 4> kEscapes = {
    {{'n', '\n'}, {'t', '\t'}, {'r', '\r'}, {'\\', '\\'}}};

} // namespace

std::string stopTextOf(const QString &line)
{
    const std::string written = toStd(line);
    std::string text;
    for (size_t i = 0; i < written.size(); ++i) {
        const char next = i + 1 < written.size() ? written[i + 1] : '\0';
        if (written[i] == '\\' && next == 'x' && i + 3 < written.size()) {
            bool isByte = false;
            const int byte = QByteArray::fromStdString(written.substr(i + 2, 2)).toInt(&isByte, 16);
            if (isByte) {
                text += static_cast<char>(byte);
                i += 3;
                continue;
            }
        }
        bool isEscape = false;
        for (const auto &[sign, byte] : kEscapes) {
            if (written[i] != '\\' || next != sign) continue;
            text += byte;
            isEscape = true;
        }
        if (isEscape)
            ++i;
        else
            text += written[i];
    }
    return text;
}

QString stopLineOf(const std::string &text)
{
    const bool isText = toStd(fromStd(text)) == text;
    std::string line;
    for (const char byte : text) {
        const auto code = static_cast<unsigned char>(byte);
        bool isEscape = false;
        for (const auto &[sign, meant] : kEscapes) {
            if (byte != meant) continue;
            line += {'\\', sign};
            isEscape = true;
        }
        if (isEscape) continue;
        if (code < 0x20 || code == 0x7F || (!isText && code > 0x7F))
            line += "\\x" + QByteArray(1, byte).toHex().toStdString();
        else
            line += byte;
    }
    return fromStd(line);
}

std::vector<std::string> stopTextsOf(const QString &lines)
{
    std::vector<std::string> texts;
    for (const QString &line : lines.split(u'\n', Qt::SkipEmptyParts)) texts.push_back(stopTextOf(line));
    return texts;
}

QString stopLinesOf(const std::vector<std::string> &texts)
{
    QStringList lines;
    for (const std::string &text : texts) lines << stopLineOf(text);
    return lines.join(u'\n');
}

QString stopProblem(const std::vector<std::string> &texts)
{
    if (texts.size() > kMaxTexts)
        return Texts::tr("These are %1 texts, expected at most %2.").arg(texts.size()).arg(kMaxTexts);
    for (size_t i = 0; i < texts.size(); ++i)
        if (texts[i].size() > kMaxBytes)
            return Texts::tr("Text %1 has %2 bytes, expected at most %3.")
                .arg(i + 1)
                .arg(texts[i].size())
                .arg(kMaxBytes);
    return {};
}

} // namespace orrery::ui
