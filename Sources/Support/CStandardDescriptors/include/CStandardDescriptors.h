// Standard input, output and error are open in every process that links this module.
#pragma once

/// Opens /dev/null where standard input, output or error is closed. Otherwise the next socket gets the number, and log
/// lines are written into it.
///
/// Runs by itself before main: an asynchronous main in Swift has opened descriptors before its first statement.
void open_standard_descriptors(void);
