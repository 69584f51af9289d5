/** Where the kernel for tests in a virtual machine is kept. */
export const MACHINE_FOLDER: string;
export function hasMachineKernel(): boolean;
export function provideMachineKernel(say: (text: string) => void): void;
