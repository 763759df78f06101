// SPDX-License-Identifier: GPL-3.0-or-later
// What stands in each section of the microscope: a table, what it says in a few words, and what one must know
// to read it. Pure functions of the answer; any thread.
#pragma once

#include "core/spec/inspection.h"
#include "widgets/microscope/reading_table.h"

#include <QString>

#include <array>
#include <optional>
#include <vector>

namespace orrery::ui {

enum class MicroscopeSection : uint8_t { Choices, Layers, Mattered, Attention, Memory };
inline constexpr std::array kMicroscopeSections = {MicroscopeSection::Choices, MicroscopeSection::Layers,
                                                   MicroscopeSection::Mattered, MicroscopeSection::Attention,
                                                   MicroscopeSection::Memory};
QString sectionId(MicroscopeSection section);    ///< "choices": a word that stays, in links and files
QString sectionTitle(MicroscopeSection section); ///< "What could have come"

struct SectionContent {
    ReadingTable table;
    QString digest;    ///< beside the title, also while the section is closed
    QString sentence;  ///< under the table; what stands there instead of an empty one
    int numHidden = 0; ///< rows that are not listed yet
};

/// What is listed of long tables before somebody asks for all.
enum class RowLimit : uint8_t { Few, All };
inline constexpr int kFewTokens = 12, kFewReads = 4;

SectionContent choicesContent(const InspectReport &report);
SectionContent layersContent(const InspectReport &report);
SectionContent matteredContent(const InspectReport &report, RowLimit limit);
/// @param head nothing: none is chosen
SectionContent attentionContent(const InspectReport &report, const std::optional<HeadRef> &head,
                                RowLimit limit);
SectionContent memoryContent(const InspectReport &report, RowLimit limit);
SectionContent sectionContent(MicroscopeSection section, const InspectReport &report,
                              const std::optional<HeadRef> &head, RowLimit limit);

/// To each row of a token its picture. @param thumbnails one a token, or none
void addPictures(ReadingTable &table, const std::vector<QImage> &thumbnails);

/// `“␣fox” after “…the quick brown”`, or what is asked where nothing was said.
QString microscopeHeadline(const InspectReport &report);
/// The headline and its numbers in one sentence.
QString microscopeSummary(const InspectReport &report);

} // namespace orrery::ui
