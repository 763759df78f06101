// SPDX-License-Identifier: GPL-3.0-or-later
// Pictures as the engine gives them to a model: a JPEG is turned as its EXIF says, a PNG never is. Qt's own turning does not
// find EXIF behind what other programs write in front of it. Pure; any thread.
#pragma once

#include <QImage>

#include <string_view>

namespace orrery::ui {

/// @return 1 to 8, as EXIF counts; 1 of what is no JPEG
int pictureOrientation(std::string_view bytes);
/// Whether width and height change places.
bool isOnItsSide(int orientation);
/// @param orientation 1 to 8
QImage turnedUpright(const QImage &image, int orientation);

} // namespace orrery::ui
